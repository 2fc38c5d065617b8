import Foundation
import Testing

/// The fuzz driver as a process, for a few seconds; `make fuzz` gives it longer.
@Suite final class FuzzTests {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func fuzz(_ arguments: String...) throws -> (code: Int32, output: String) {
        let process = Process()
        let output = folder.appendingPathComponent("output")
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("fuzz")
        process.arguments = arguments + ["--faults", folder.appendingPathComponent("faults").path]
        try Data().write(to: output)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
    }

    @Test func everyReaderReadsOrRefusesWhatItIsGiven() throws {
        let (code, output) = try fuzz("--seconds", "5", "--seed", "1")
        #expect(code == 0, "\(output)")
        // Cases, read, refused, caught, faults: of each reader some inputs were refused.
        let rows = output.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
        #expect(rows.count == 22)
        for row in rows { #expect(row.count == 6 && Int(row[3])! > 0 && row[5] == "0", "\(row)") }
    }

    /// A reader with planted faults: each kind is told from the others, its input kept, and what is kept shows the
    /// fault again.
    @Test func theDriverSeesEveryKindOfFault() throws {
        let (code, output) = try fuzz("--reader", "planted", "--seconds", "20", "--seed", "1")
        #expect(code == 1, "\(output)")
        let kinds = [
            "crashes: Illegal instruction", "comes to no end", "is refused by an error of another kind, CocoaError",
            "is refused with control characters",
            "is refused without its name", "is read, though its checksum is not that of its bytes",
        ]
        for kind in kinds {
            #expect(output.contains(kind), "\(kind) is not in \(output)")
            guard let line = output.split(separator: "\n").first(where: { $0.contains(kind) }),
                let words = Optional(line.split(separator: " ")),
                let place = words.firstIndex(of: "case")
            else { continue }
            let kept = folder.appendingPathComponent("faults/planted-seed1-\(words[place + 1].dropLast())")
            let again = try fuzz("--reader", "planted", "--input", kept.path)
            #expect(again.code == 1 && again.output.contains(kind), "\(again.output)")
        }
    }
}
