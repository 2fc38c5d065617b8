import Datasets
import Figures
import Foundation
import HDF5
import Metrics
import Testing

/// `score` and `convert`, as processes.
@Suite final class ScoreCommandTests {
    let folder: URL

    init() throws { folder = try temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Grey images of 8 × 8 of two classes, dark and bright, with a ramp of their number.
    private func images(_ count: Int, labels: Bool = true) throws -> ImageSet {
        var pixels: [UInt8] = []
        for image in 0..<count {
            for place in 0..<64 {
                let ramp = (image * 7 + place * 11) % 100
                pixels.append(UInt8(image % 2 * 128 + ramp))
            }
        }
        return try ImageSet(
            name: "ramps", shape: ImageShape(channels: 1, height: 8, width: 8), pixels: pixels,
            labels: labels ? (0..<count).map { $0 % 2 } : nil)
    }

    private func file(_ set: ImageSet, _ name: String) throws -> String {
        let path = folder.appendingPathComponent(name).path
        try set.writeHDF5(to: path)
        return path
    }

    /// Table and JSON say the same; the classifier is trained once, kept, and gives the same scores when read.
    @Test func scoresArePrintedWithAllThatBelongsToThem() throws {
        let reference = try file(images(300), "reference.h5"),
            samples = try file(images(100, labels: false), "samples.h5")
        let classifier = folder.appendingPathComponent("classifier.h5").path
        let arguments = ["score", samples, reference, "--threads", "1", "--epochs", "1", "--classifier", classifier]
        let table = try Fixture.run(arguments, in: folder)
        #expect(table.code == 0, "\(table.messages)")
        for word in [
            "classifier-IS", "classifier-FID", "classifier-KID", "floor", "100 against 300; floor 150 against 150",
        ] {
            #expect(table.output.contains(word))
        }
        #expect(table.messages.contains("no --weights: a classifier trained on ramps is used"))
        #expect(table.messages.contains("warning: ramps has 100 images: its covariance has rank 99 at most, of 128"))
        let json = try Fixture.run(arguments + ["--json"], in: folder)
        #expect(json.code == 0 && !json.messages.contains("no --weights"))
        let scores = try JSONDecoder().decode(ImageScores.self, from: Data(json.output.utf8))
        #expect(try scores.network == "classifier" && scores.weights == ImageClassifier(hdf5: classifier).checksum)
        #expect(
            scores.images
                == ScoredSet(name: "ramps", count: 100, shape: "1 × 8 × 8", checksum: try images(100).checksum()))
        #expect(scores.inceptionScore.splits == 10 && scores.reference.count == 300)
        #expect(table.output.contains(String(format: "%.4f", scores.frechetDistance)))
        #expect(table.output.contains(scores.weights) && table.output.contains(scores.reference.checksum))
    }

    /// A classifier as it was written before files carried a checksum; and a name with what a terminal would obey.
    @Test func whatCarriesNoChecksumIsTakenWhereThatIsAsked() throws {
        let shape = ImageShape(channels: 1, height: 8, width: 8)
        let set = try images(300), reference = try file(set, "reference.h5")
        let odd = try ImageSet(name: "a\u{1B}[31mb", shape: shape, pixels: images(100).pixels)
        let samples = try file(odd, "samples.h5"), classifier = folder.appendingPathComponent("classifier.h5")
        let arguments = [
            "score", samples, reference, "--threads", "1", "--epochs", "1", "--classifier", classifier.path,
        ]
        let first = try Fixture.run(arguments, in: folder)
        #expect(first.code == 0 && first.output.contains("images: a\\u001b[31mb, 100 of"))
        #expect(!first.output.contains("\u{1B}") && !first.messages.contains("\u{1B}"))
        let bytes = try Data(contentsOf: classifier)
        try bytes.dropLast(HDF5Checksum.length).write(to: classifier)
        let refused = try Fixture.run(arguments, in: folder)
        #expect(refused.code == 2)
        #expect(
            refused.messages == """
                error: \(classifier.path): carries no checksum: it was changed or cut short, or written before files carried one
                  if you know that it is whole, --accept-unchecked takes it; else have it written anew

                """)
        let taken = try Fixture.run(arguments + ["--accept-unchecked"], in: folder)
        #expect(taken.code == 0 && taken.output == first.output)
    }

    /// Saved statistics in the reference's place give the same JSON to the byte; what they cannot give is said.
    @Test func aReferenceIsSavedAndTakesItsOwnPlace() throws {
        let reference = try file(images(300), "reference.h5"),
            samples = try file(images(100, labels: false), "samples.h5")
        let classifier = folder.appendingPathComponent("classifier.h5").path,
            saved = folder.appendingPathComponent("saved.h5").path
        let options = ["--threads", "1", "--classifier", classifier, "--json"]
        let first = try Fixture.run(
            ["score", samples, reference, "--epochs", "1", "--save-statistics", saved] + options, in: folder)
        #expect(first.code == 0, "\(first.messages)")
        try FileManager.default.removeItem(atPath: reference)
        let again = try Fixture.run(["score", samples, saved] + options, in: folder)
        #expect(again.code == 0 && again.output == first.output, "\(again.messages)")
        let splits = try Fixture.run(["score", samples, saved, "--splits", "4"] + options, in: folder)
        #expect(
            splits.code == 2
                && splits.messages.contains("\(saved): holds an Inception score of 10 splits, --splits asks for 4"))
        let bare = try Fixture.run(["score", samples, saved], in: folder)
        #expect(bare.code == 2 && bare.messages.contains("but \(saved) has no labels"))
    }

    @Test func whatCannotBeScoredEndsWithItsCode() throws {
        let reference = try file(images(300), "reference.h5"), bare = try file(images(300, labels: false), "bare.h5")
        let nowhere = folder.appendingPathComponent("nowhere").path
        func outcome(_ arguments: String...) throws -> Outcome { try Fixture.run(["score"] + arguments, in: folder) }
        let missing = try outcome(nowhere, reference)
        #expect(
            missing.code == 2
                && missing.messages.hasPrefix("error: \(nowhere): is not there, expected an HDF5 file with 'images'"))
        let weights = try outcome(reference, reference, "--weights", nowhere)
        #expect(
            weights.code == 2
                && weights.messages.hasPrefix("error: \(nowhere): is not there\n  The Inception weights come from"))
        #expect(weights.messages.contains("data-scripts/inception-to-hdf5"))
        let others = try outcome(reference, reference, "--weights", reference)
        #expect(others.code == 2 && others.messages.contains("\(reference): has no array '"))
        let unlabelled = try outcome(reference, bare)
        #expect(unlabelled.code == 2 && unlabelled.messages.contains("but ramps has no labels"))
        let splits = try outcome(reference, reference, "--epochs", "1", "--splits", "301")
        #expect(splits.code == 2 && splits.messages.contains("too few for 301 splits"))
        #expect(try outcome(reference, reference, "--splits", "0").code == 64)
    }

    /// CIFAR-10's records by their size and labels whatever the file's name, its folder by the first batch's; a text
    /// holds no images.
    @Test func whatLiesAtAPathDecidesHowItIsRead() throws {
        func outcome(_ input: URL) throws -> Outcome {
            try Fixture.run(["convert", input.path, folder.path + "/out.h5", "--force"], in: folder)
        }
        let records = folder.appendingPathComponent("two.idx")
        try Data([3] + [UInt8](repeating: 9, count: 3072) + [5] + [UInt8](repeating: 8, count: 3072)).write(to: records)
        let converted = try outcome(records)
        #expect(converted.code == 0 && converted.output.contains("2 images of 3 × 32 × 32"), "\(converted.messages)")
        #expect(try HDF5Images(path: folder.path + "/out.h5").labels() == [3, 5])
        let batches = folder.appendingPathComponent("cifar")
        try FileManager.default.createDirectory(at: batches, withIntermediateDirectories: true)
        let first = batches.appendingPathComponent("data_batch_1.bin")
        try Data().write(to: first)
        let empty = try outcome(batches)
        #expect(
            empty.code == 2
                && empty.messages.hasPrefix("error: \(first.path): is empty, expected records of 3073 bytes"))
        let text = folder.appendingPathComponent("text")
        try Data("no images".utf8).write(to: text)
        let wrong = try outcome(text)
        #expect(
            wrong.code == 2
                && wrong.messages.hasPrefix(
                    "error: \(text.path): begins with 6e 6f 20 69, which no file of images does; expected")
        )
    }

    @Test func picturesAreConverted() throws {
        let pictures = folder.appendingPathComponent("pictures")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        let set = try images(3, labels: false)
        for index in 0..<3 {
            try Image(planes: set.pixels(index..<index + 1), shape: set.shape).writePNG(
                to: pictures.appendingPathComponent("\(index).png"))
        }
        let output = folder.appendingPathComponent("pictures.h5").path
        let converted = try Fixture.run(["convert", pictures.path, output], in: folder)
        #expect(converted.code == 0)
        #expect(converted.output == "\(output): 3 images of 1 × 8 × 8, SHA-256 of the pixels \(try set.checksum())\n")
        #expect(try HDF5Images(path: output).pixels(0..<3) == set.pixels)
        let failed = try Fixture.run(
            ["convert", pictures.path, folder.appendingPathComponent("no/x.h5").path], in: folder)
        #expect(failed.code == 2 && failed.messages.hasPrefix("error: "))
    }

    /// Images as .npy and back, their bits by a threshold, and PNG files in a new folder.
    @Test func imagesBecomeArraysBitsAndPictures() throws {
        let set = try images(3, labels: false)
        let input = try file(set, "images.h5")
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        func convert(_ arguments: String...) throws -> Outcome { try Fixture.run(["convert"] + arguments, in: folder) }
        #expect(try convert(input, path("a.npy")).code == 0)
        #expect(try convert(path("a.npy"), path("b.h5")).code == 0)
        #expect(try HDF5Images(path: path("b.h5")).pixels(0..<3) == set.pixels)
        let bits = try convert(input, path("bits.csv"), "--threshold", "99")
        #expect(bits.code == 0 && bits.output == "\(path("bits.csv")): 3 samples of 64 bits\n", "\(bits)")
        #expect(try SampleFile.bits(URL(fileURLWithPath: path("bits.csv"))).bits == set.pixels.map { $0 > 99 ? 1 : 0 })
        #expect(try convert(input, path("pictures"), "--png").code == 0)
        #expect(try PNGFolder(URL(fileURLWithPath: path("pictures"))).pixels(0..<3) == set.pixels)
        let again = try convert(input, path("pictures"), "--png")
        #expect(again.code == 2 && again.messages.hasPrefix("error: \(path("pictures")): is there already"))
        let text = try convert(input, path("a.csv"))
        #expect(text.code == 2 && text.messages.hasPrefix("error: \(path("a.csv")): images are not written as text"))
        #expect(try convert(input, path("c.npy"), "--threshold", "255").code == 64)
    }

    @Test func samplesAreConverted() throws {
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        func convert(_ arguments: String...) throws -> Outcome { try Fixture.run(["convert"] + arguments, in: folder) }
        try Data("0,1,1\n1,0,0\n".utf8).write(to: URL(fileURLWithPath: path("a.csv")))
        for (input, output) in [("a.csv", "a.npy"), ("a.npy", "a.h5"), ("a.h5", "b.csv")] {
            let outcome = try convert(path(input), path(output))
            #expect(outcome.code == 0 && outcome.output == "\(path(output)): 2 samples of 3 bits\n", "\(outcome)")
        }
        #expect(try String(contentsOfFile: path("b.csv"), encoding: .utf8) == "0,1,1\n1,0,0\n")
        let kept = try convert(path("a.csv"), path("a.npy"))
        #expect(kept.code == 2 && kept.messages == "error: \(path("a.npy")): is there already\n  --force replaces it\n")
        #expect(try convert(path("a.csv"), path("a.npy"), "--force").code == 0)
        let png = try convert(path("a.csv"), path("p"), "--png")
        #expect(png.code == 2 && png.messages == "error: \(path("a.csv")): holds samples, --png is for images\n")
        try Data("0;1\n".utf8).write(to: URL(fileURLWithPath: path("c.csv")))
        let ragged = try convert(path("c.csv"), path("c.npy"))
        #expect(
            ragged.code == 2
                && ragged.messages == "error: \(path("c.csv")): line 1: is separated by semicolons, expected commas\n")
    }
}
