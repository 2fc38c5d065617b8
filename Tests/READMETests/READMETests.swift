import Foundation
import Testing

@Suite struct READMETests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Every Swift block of the guide stands to the letter in a file of Examples/, which scripts/test-examples builds and
    /// runs.
    @Test func theGuidesCodeIsCompiled() throws {
        let folder = root.appendingPathComponent("Examples")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".swift") && !$0.contains(".build/") }
        let examples = try files.map { try text("Examples/\($0)") }
        var count = 0
        for document in try documents {
            for match in try text(document).matches(of: /```swift\n(?<code>(?s).*?)```/) {
                let code = String(match.output.code)
                #expect(examples.contains { $0.contains(code) }, "\(document): \(code)")
                count += 1
            }
        }
        #expect(count >= 2)
    }

    /// README.md, the guide's pages, and every Markdown file of a replication.
    private var documents: [String] {
        get throws {
            let manager = FileManager.default
            let folders = try manager.contentsOfDirectory(atPath: root.appendingPathComponent("Replications").path)
            let pages = try folders.flatMap { folder in
                try manager.contentsOfDirectory(atPath: root.appendingPathComponent("Replications/\(folder)").path)
                    .filter { $0.hasSuffix(".md") }.map { "Replications/\(folder)/\($0)" }
            }
            let guide = try manager.contentsOfDirectory(
                atPath: root.appendingPathComponent("Documentation/Guide.docc").path)
            return ["README.md", "CONTRIBUTING.md"]
                + (pages + guide.filter { $0.hasSuffix(".md") }.map { "Documentation/Guide.docc/\($0)" }).sorted()
        }
    }

    /// Claims and tables are what the runs in results/ give now; `make readmes` renews them.
    @Test func generatedPartsAreNotStale() throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("replicate")
        process.arguments = ["splice", "--check"] + (try documents)
        process.currentDirectoryURL = root
        process.standardError = output
        try process.run()
        let messages = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(messages)")
    }

    /// A replication's page has 900 words at most, its generated parts among them.
    @Test func pagesAreShort() throws {
        for document in try documents where document.hasSuffix("/README.md") {
            let count = try text(document).split { $0.isWhitespace }.count
            #expect(count <= 900, "\(document): \(count) words")
        }
    }

    /// Links and pictures within the repository lead somewhere.
    @Test func linksLeadSomewhere() throws {
        for document in try documents {
            let folder = root.appendingPathComponent(document).deletingLastPathComponent()
            for match in try text(document).matches(of: /\]\((?<target>[^)#\s]+)[^)]*\)/) {
                let target = String(match.output.target)
                guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
                #expect(
                    FileManager.default.fileExists(atPath: folder.appendingPathComponent(target).path),
                    "\(document): \(target)")
            }
        }
    }
}
