import Foundation
import Testing

/// `scripts/setup` with LIBTORCH set, which never fetches anything. It looks for Debian packages first and would
/// install missing ones, so it runs only where none is missing.
@Suite(.enabled(if: Setup.findsItsPackages, "some of the Debian packages that scripts/setup installs are missing"))
struct SetupTests {
    @Test func aMissingLibtorchIsNamed() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("no-libtorch-\(UUID().uuidString)")
            .path
        let result = try Setup.run(libtorch: folder)
        #expect(result.status == 2)
        #expect(
            result.message == [
                "setup: no libtorch at \(folder) (include/torch/headeronly/version.h is missing)",
                "  unset LIBTORCH to let 'make setup' fetch one",
            ])
    }

    @Test func aLibtorchOfAnotherVersionIsNamed() throws {
        try withLibtorch(major: 2, minor: 9) { folder in
            let result = try Setup.run(libtorch: folder)
            #expect(result.status == 2)
            #expect(result.message.first == "setup: libtorch at \(folder) is version 2.9, but 2.13 is required")
        }
    }

    @Test func aLibtorchWithoutItsLibraryIsNamed() throws {
        try withLibtorch(major: 2, minor: 13) { folder in
            let result = try Setup.run(libtorch: folder)
            #expect(result.status == 2)
            #expect(result.message.first == "setup: libtorch at \(folder) has no lib/libtorch_cpu.so")
        }
    }

    @Test func aLibtorchOfTheRightVersionPasses() throws {
        try withLibtorch(major: 2, minor: 13) { folder in
            let library = URL(fileURLWithPath: folder).appendingPathComponent("lib")
            try FileManager.default.createDirectory(at: library, withIntermediateDirectories: true)
            try Data().write(to: library.appendingPathComponent("libtorch_cpu.so"))
            let result = try Setup.run(libtorch: folder)
            #expect(result.status == 0 && result.message == [])
        }
    }

    /// A folder, with a space in its name, whose header states that version; gone afterwards.
    private func withLibtorch(major: Int, minor: Int, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("a libtorch-\(UUID().uuidString)")
        let headers = folder.appendingPathComponent("include/torch/headeronly")
        try FileManager.default.createDirectory(at: headers, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let header = """
            #define TORCH_VERSION_MAJOR \(major)
            #define TORCH_VERSION_MINOR \(minor)
            #define TORCH_VERSION_PATCH 0
            """
        try Data(header.utf8).write(to: headers.appendingPathComponent("version.h"))
        try body(folder.path)
    }
}

private enum Setup {
    static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/setup")

    /// Whether dpkg knows every package of the script's list.
    static let findsItsPackages: Bool = {
        guard let text = try? String(contentsOf: script, encoding: .utf8),
            let list = text.firstMatch(of: /packages=\(([^)]*)\)/)?.1
        else { return false }
        let packages = list.split(separator: " ").map(String.init)
        guard let found = try? run("/usr/bin/dpkg-query", ["-W", "-f=${Status}\\n"] + packages) else { return false }
        return found.status == 0 && found.output.filter { $0.hasSuffix("ok installed") }.count == packages.count
    }()

    static func run(libtorch: String) throws -> (status: Int32, message: [String]) {
        let environment = ProcessInfo.processInfo.environment.merging(["LIBTORCH": libtorch]) { $1 }
        let result = try run(script.path, [], environment: environment)
        return (result.status, result.errors)
    }

    private static func run(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil
    ) throws -> (status: Int32, output: [String], errors: [String]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        if let environment { process.environment = environment }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        func lines(_ pipe: Pipe) throws -> [String] {
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        let (written, faults) = (try lines(output), try lines(errors))
        process.waitUntilExit()
        return (process.terminationStatus, written, faults)
    }
}
