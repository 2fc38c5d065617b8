import Datasets
import Figures
import Foundation
import Testing

/// What the commands write: files that are there are kept, standard output that cannot be written is an error; as
/// processes.
@Suite final class OutputTests {
    let folder: URL

    init() throws { folder = try temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Grey images of 8 × 8 of two classes.
    private func imageFile(_ name: String, count: Int = 40) throws -> String {
        let pixels = (0..<count * 64).map { (place: Int) -> UInt8 in
            let brightness = place / 64 % 2 * 100
            return UInt8((place * 7 + brightness) % 256)
        }
        let set = try ImageSet(
            name: "ramps", shape: ImageShape(channels: 1, height: 8, width: 8), pixels: pixels,
            labels: (0..<count).map { $0 % 2 })
        try set.writeHDF5(to: path(name))
        return path(name)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func aFileThatIsThereIsReplacedByForceAloneAndKeepsItsPermissions() throws {
        let images = try imageFile("images.h5"), output = path("output.h5")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: output))
        chmod(output, 0o640)
        let kept = try Fixture.run(["convert", images, output], in: folder)
        #expect(kept.code == 2 && kept.messages == "error: \(output): is there already\n  --force replaces it\n")
        #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == Data("mine".utf8))
        let replaced = try Fixture.run(["convert", images, output, "--force"], in: folder)
        #expect(replaced.code == 0, "\(replaced.messages)")
        #expect(try HDF5Images(path: output).count == 40)
        #expect(try mode(output) == 0o640)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(".partial-") }
                .isEmpty)
    }

    /// What a command reads without being told, and where it reads all there is: labels beside images, a folder of them.
    @Test func whatIsReadBesideAnInputIsNeverReplaced() throws {
        func idx(_ name: String, _ shape: [UInt8], _ elements: [UInt8]) throws {
            let bytes = [0, 0, 8, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] } + elements
            try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        }
        try idx("x-images-idx3-ubyte", [3, 1, 2], [1, 2, 3, 4, 5, 6])
        try idx("x-labels-idx1-ubyte", [3], [0, 1, 0])
        let (images, labels) = (path("x-images-idx3-ubyte"), path("x-labels-idx1-ubyte"))
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: "x-labels-idx1-ubyte")
        for output in [labels, path("link")] {
            let outcome = try Fixture.run(["convert", images, output, "--force"], in: folder)
            #expect(outcome.code == 2 && outcome.messages.contains("error: \(output): is read too"), "\(outcome)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: labels)).count == 11)
        let pictures = path("pictures")
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        try Image(width: 1, height: 1, channels: 1, pixels: [7]).writePNG(to: URL(fileURLWithPath: pictures + "/a.png"))
        let within = try Fixture.run(["convert", pictures, pictures + "/b.png"], in: folder)
        #expect(
            within.code == 2 && within.messages.contains("/b.png: lies in \(pictures), whose files are read"),
            "\(within)")
    }

    /// Two outputs that would be one file, by two ways to write its name and by a link.
    @Test func twoOutputsAreTwoFiles() throws {
        let images = try imageFile("images.h5")
        try FileManager.default.createSymbolicLink(atPath: path("link.h5"), withDestinationPath: "new.h5")
        for statistics in [path("new.h5"), path("./new.h5"), path("link.h5")] {
            let outcome = try Fixture.run(
                ["score", images, images, "--save-statistics", statistics, "--classifier", path("new.h5")], in: folder)
            #expect(outcome.code == 2 && outcome.messages.contains("is given to both"), "\(outcome)")
        }
    }

    /// Also by another name: a link, and a hard link.
    @Test func anInputIsNeverReplaced() throws {
        let images = try imageFile("images.h5"), before = try Data(contentsOf: URL(fileURLWithPath: images))
        try FileManager.default.createSymbolicLink(atPath: path("link.h5"), withDestinationPath: "images.h5")
        try FileManager.default.linkItem(atPath: images, toPath: path("hard.h5"))
        for output in [images, path("link.h5"), path("hard.h5")] {
            let outcome = try Fixture.run(["convert", images, output, "--force"], in: folder)
            #expect(
                outcome.code == 2 && outcome.messages.hasPrefix("error: \(output): is read too"), "\(outcome.messages)")
            let scored = try Fixture.run(["score", images, images, "--save-statistics", output, "--force"], in: folder)
            #expect(
                scored.code == 2 && scored.messages.hasPrefix("error: \(output): is read too"), "\(scored.messages)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: images)) == before)
    }

    @Test func aLinkIsWrittenThroughAndWhatIsNoPlainFileIsRefused() throws {
        let images = try imageFile("images.h5")
        try FileManager.default.createDirectory(atPath: path("other"), withIntermediateDirectories: false)
        for (link, target) in [("new", "other/new.h5"), ("absolute", path("other/absolute.h5"))] {
            try FileManager.default.createSymbolicLink(atPath: path(link), withDestinationPath: target)
            #expect(try Fixture.run(["convert", images, path(link)], in: folder).code == 0)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path(link)) == target)
            #expect(try HDF5Images(path: path("other/\(link).h5")).count == 40)
        }
        mkfifo(path("pipe"), 0o600)
        try FileManager.default.createSymbolicLink(atPath: path("to-pipe"), withDestinationPath: "pipe")
        for (name, kind) in [("pipe", "is no plain file"), ("to-pipe", "is no plain file"), ("other", "is a folder")] {
            let outcome = try Fixture.run(["convert", images, path(name), "--force"], in: folder)
            #expect(
                outcome.code == 2 && outcome.messages.hasPrefix("error: \(path(name)): \(kind), expected"),
                "\(outcome.messages)")
        }
        var status = stat()
        #expect(lstat(path("pipe"), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        try FileManager.default.createSymbolicLink(atPath: path("round"), withDestinationPath: "round")
        let round = try Fixture.run(["convert", images, path("round")], in: folder)
        #expect(
            round.code == 2 && round.messages.hasPrefix("error: \(path("round")): cannot be written: Too many levels"),
            "\(round.messages)")
    }

    /// Before a classifier is trained, which says so on standard error.
    @Test func anOutputThatCannotBeIsNamedAsItWasTypedBeforeTheWork() throws {
        let images = try imageFile("images.h5")
        for option in ["--save-statistics", "--classifier"] {
            let outcome = try Fixture.shell(
                "cd \"$1\" && \"$0\" score images.h5 images.h5 --splits 2 $2 none/x.h5", [folder.path, option],
                in: folder)
            #expect(outcome.code == 2)
            #expect(
                outcome.messages
                    == "error: none/x.h5: cannot be written: the folder \(folder.path)/none: No such file or directory\n",
                "\(outcome.messages)")
        }
        let twice = try Fixture.run(
            ["score", images, images, "--save-statistics", path("x.h5"), "--classifier", path("x.h5")], in: folder)
        #expect(twice.code == 2 && twice.messages.contains("is given to both --save-statistics and --classifier"))
    }

    @Test func standardOutputThatCannotBeWrittenIsAnError() throws {
        let images = try imageFile("images.h5", count: 300), run = path("run")
        #expect(
            try Fixture.run(["run", "noisy-quadratic", "--profile", "smoke", "--output", run], in: folder).code == 0)
        let golden = path("golden")
        try Data("right".utf8).write(to: URL(fileURLWithPath: golden))
        for arguments in [
            ["list"], ["--help"], ["--version"], ["convert", images, path("new.h5")],
            ["run", "noisy-quadratic", "--profile", "smoke", "--output", run, "--resume"],
            ["run", "noisy-quadratic", "--dry-run", "--profile", "smoke"],
            ["compare", run, run], ["replay", "noisy-quadratic", "--golden", golden],
            ["score", images, images, "--epochs", "1", "--splits", "2", "--json", "--threads", "1"],
        ] {
            let full = try Fixture.shell("\"$0\" \"$@\" > /dev/full", arguments, in: folder)
            #expect(full.code == 2, "\(arguments)")
            #expect(
                full.messages.contains("error: standard output: cannot be written: No space left on device\n"),
                "\(arguments): \(full.messages)")
        }
    }

    @Test func aClosedPipeEndsQuietly() throws {
        for trap in ["", "trap '' PIPE;"] {
            let outcome = try Fixture.shell(
                "set -o pipefail; \(trap) { sleep 0.2; \"$0\" list; } | true", [], in: folder)
            #expect(outcome.code == 141 && outcome.messages.isEmpty, "\(outcome)")
        }
    }

    /// Otherwise the first file that is opened would be one of them, and take in progress and messages. The table has
    /// nowhere to go, which is a fault as on a full disk.
    @Test func closedStandardDescriptorsTakeNoFileOfARun() throws {
        let run = path("run")
        let outcome = try Fixture.shell(
            "\"$0\" run noisy-quadratic --profile smoke --set learningRate=3 --set iterations=500 --output \"$1\" <&- >&- 2>&-",
            [run], in: folder)
        #expect(outcome.code == 2)
        let cells = ["plain-1-seed1", "plain-2.5-seed1", "momentum-1-seed1", "momentum-2.5-seed1"]
        for name in [".lock"] + cells.map({ "cells/\($0)/.lock" }) {
            let text = try String(contentsOfFile: "\(run)/\(name)", encoding: .utf8)
            #expect(text.allSatisfy { $0.isNumber || $0 == "\n" }, "\(name): \(text)")
        }
    }

    @Test func controlCharactersInNamesAreEscaped() throws {
        let name = "\u{1B}[31mred\u{9B}\r.h5"
        let outcome = try Fixture.run(["convert", path(name), path("x.h5")], in: folder)
        #expect(
            outcome.code == 2
                && outcome.messages.hasPrefix("error: \(path("\\u001b[31mred\\u009b\\u000d.h5")): is not there"),
            "\(outcome.messages)")
        let usage = try Fixture.run(["list", name], in: folder)
        #expect(
            usage.code == 64 && !usage.messages.contains("\u{1B}") && usage.messages.contains("\\u001b[31mred"),
            "\(usage.messages)")
    }
}
