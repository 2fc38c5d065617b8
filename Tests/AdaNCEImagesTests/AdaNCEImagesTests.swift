import AdaNCEImages
import Datasets
import Experiments
import Figures
import Foundation
import RunSupport
import Testing
import Torch

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<AdaNCEImages> {
    try smokePlan(AdaNCEImages(), output, set: overrides, resume: resume, threads: 2)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct AdaNCEImagesTests {
    /// The energies of bars and of what the chains make of noise part, from a network that tells them by less than 0.01
    /// to one that does by more than 1, and the pictures and numbers are there.
    @Test func aNetworkLearnsBars() throws {
        try withFolder { folder in
            let plan = try plan(folder, set: ["iterations=16", "normalizations=[none]", "adaptiveIntervals=[1]"])
            let record = try run(plan)[0]
            #expect(record.status == .finished)
            let cell = plan.folder.cell(record.cell.id)
            // Eight a row of 28 pixels, two around each; the buffer has 50.
            for (name, rows) in [("data", 8), ("samples-buffer", 7), ("samples-fresh", 8), ("samples-long-run", 8)] {
                let picture = try Image(png: cell.url.appendingPathComponent("\(name).png"))
                #expect(
                    picture.width == 242 && picture.height == 30 * rows + 2,
                    "\(name): \(picture.width) × \(picture.height)")
            }
            let gaps = try cell.logged("energyGap").map(\.value)
            #expect(gaps.count == 16 && abs(gaps[0]) < 0.01 && gaps[15] < -1, "\(gaps)")
            #expect(record.value("gradientVariance")! > 0)
        }
    }

    @Test func whatIsDeclaredCanBeRead() throws { try validateDeclarations(of: AdaNCEImages()) }

    @Test func aWidthWhoseLayersCannotBeIsRefused() throws {
        let message = try refusal(AdaNCEImages(), of: "width=2147483648")
        #expect(message == "configuration: width is 2147483648.0, expected a positive number up to 16.0")
    }

    /// Every choice of buffer, chain and objective is taken up again where it was left.
    @Test func settingsGoOnAfterInterruptionsAsIfNothingHadHappened() throws {
        let choices = [
            [
                "adaptiveIntervals=[2]",
                "objectives=[adance, maximum-likelihood, kullback-leibler, least-squares, itakura-saito]",
            ],
            [
                "bufferStart=empty", "bufferWriting=queue", "momentum=0.5", "normalizations=[all, none, all-but-last]",
                "adaptiveIntervals=[2]",
            ],
            [
                "resetsBuffer=true", "bufferSlots=without-replacement", "rejuvenationRates=[0, 1]", "clampsChains=true",
                "gradientLimit=0.03", "adaptiveIntervals=[1]",
            ],
        ]
        for choice in choices {
            let few =
                [
                    "iterations=4", "chainLength=2", "longRunSteps=0", "scoredSamples=0", "gradientBatches=2",
                    "stepSize=0.1",
                ] + choice
            let (records, attempts, comparison) = try compareWithInterrupted(every: 3) {
                try plan($0, set: few, resume: $1)
            }
            #expect(records.allSatisfy { $0.status == .finished })
            #expect(attempts > records.count)
            #expect(comparison.identical, "\(comparison.differences.markdown)")
        }
    }

    /// Each setting of model, chains, buffer and training changes what a run logs.
    @Test func noSettingIsWithoutEffect() throws {
        let few = [
            "iterations": "6", "chainLength": "3", "longRunSteps": "0", "scoredSamples": "0", "gradientBatches": "0",
            "stepSize": "0.1", "noise": "0.3",
            "adaptiveIntervals": "[2]",
        ]
        func logged(_ key: String, _ value: String) throws -> [Double] {
            var values: [Double] = []
            try withFolder { folder in
                let settings = few.merging([key: value]) { $1 }
                let plan = try plan(folder, set: settings.map { "\($0.key)=\($0.value)" }.sorted())
                let cell = plan.folder.cell(try run(plan)[0].cell.id)
                for name in ["loss", "sampleDeviation", "parameterGradientNorm"] {
                    values += try cell.logged(name).map(\.value)
                }
            }
            return values
        }
        let plain = try logged("iterations", "6")
        #expect(try logged("iterations", "6") == plain && plain.count == 18)
        for (key, value) in [
            ("trainingImages", "100"), ("width", "0.125"), ("leakySlope", "0.1"), ("adaptiveIntervals", "[3]"),
            ("objectives", "[least-squares]"),
            ("rejuvenationRates", "[0.9]"), ("normalizations", "[none]"), ("batchSize", "9"), ("learningRate", "0.01"),
            ("beta1", "0.5"),
            ("beta2", "0.9"), ("chainLength", "4"), ("stepSize", "0.2"), ("noise", "0.2"), ("momentum", "0.5"),
            ("gradientLimit", "0.0001"),
            ("clampsChains", "true"), ("bufferSize", "40"), ("bufferSlots", "without-replacement"),
            ("bufferWriting", "queue"),
            ("resetsBuffer", "true"), ("dataNoise", "0.1"), ("gradientNormLimit", "0.001"), ("energyPenalty", "1"),
            ("samplingType", "bfloat16"),
        ] {
            let changed = try logged(key, value)
            #expect(changed != plain, "\(key)")
        }
    }

    /// What leaves the finite numbers ends the cell as diverged, not the run.
    @Test func aDivergenceIsRecorded() throws {
        try withFolder { folder in
            let records = try run(
                plan(folder, set: ["stepSize=1e30", "normalizations=[none]", "adaptiveIntervals=[1]"]))
            guard case .diverged(let quantity, let update) = records[0].status else {
                Issue.record("\(records[0].status)")
                return
            }
            #expect(update == 1 && quantity == "norm of the parameters' gradients", "\(quantity)")
        }
    }

    /// A file of images of another size trains, and what is drawn from it is images of that size, the same again.
    @Test func imagesOfAFileAreLearntFrom() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appendingPathComponent("ramps.h5")
            let set = try ImageSet(
                name: "ramps", shape: ImageShape(channels: 3, height: 12, width: 12),
                pixels: (0..<40 * 432).map { UInt8(truncatingIfNeeded: $0 / 5) })
            try set.writeHDF5(to: file.path)
            let few = [
                "data=\(file.path)", "iterations=2", "adaptiveIntervals=[1]", "chainLength=2", "longRunSteps=0",
                "gradientBatches=0", "trainingImages=100", "width=0.05",
            ]
            func fault(_ more: [String]) throws -> String {
                do { _ = try run(plan(folder.appendingPathComponent("fault"), set: few + more)) } catch {
                    return "\(error)"
                }
                return ""
            }
            #expect(
                try fault(["scoredSamples=0", "network=a"]).hasPrefix(
                    "network a takes images of 1 × 28 × 28, those of ramps are 3 × 12 × 12"))
            #expect(
                try fault(["scoredSamples=2", "network=by-size"]).hasPrefix(
                    "\(file.path): has no labels, which the classifier that scores samples learns from"))
            #expect(
                try fault(["data=\(folder.path)/none.h5", "scoredSamples=0"]).hasPrefix(
                    "\(folder.path)/none.h5: is not there, expected an HDF5 file"))
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("fault").path))
            let own = try plan(
                folder.appendingPathComponent("run"), set: few + ["scoredSamples=0", "network=by-size"])
            let records = try run(own)
            #expect(records[0].status == .finished && records[0].cell.id.hasPrefix("ramps-adance-"))
            let trained = try own.trained(cell: nil)
            let request = DrawRequest(count: 3, steps: 9)
            guard case .images(let images) = try AdaNCEImages().draw(request, from: trained).content,
                case .images(let again) = try AdaNCEImages().draw(request, from: trained).content
            else { return #expect(Bool(false), "no images were drawn") }
            #expect(images == again && images.count == 3 && images.shape == set.shape)
            #expect(Set(images.pixels).count > 10)
        }
    }

    @Test func dataThatIsNotThereAndSettingsThatCannotBeAreNamed() throws {
        try withFolder { folder in
            var message = ""
            do { _ = try run(plan(folder, set: ["data=mnist", "folder=\(folder.path)/none"])) } catch {
                message = "\(error)"
            }
            #expect(message.contains("train-images-idx3-ubyte.gz: is not there: `make data` fetches it"), "\(message)")
            for (override, expected) in [
                (
                    "adaptiveIntervals=[0]",
                    "adaptiveIntervals is [0], expected a list of different whole numbers from 1"
                ),
                ("adaptiveIntervals=[3]", "iterations is 8, expected a multiple of each of adaptiveIntervals, of 3"),
                ("bufferSize=0", "bufferSize is 0, expected a whole number from 1"),
                ("bufferSize=7", "batchSize is 8, expected at most bufferSize, 7"),
                (
                    "rejuvenationRates=[0.5, 1.5]",
                    "rejuvenationRates is [0.5, 1.5], expected a list of different numbers from 0 to 1"
                ),
                ("network=c", "network is c, expected one for images of 1 × 28 × 28, which those of bars are"),
                ("bufferStart=empty", "bufferStart is empty, expected full"),
                ("noise=1e39", "noise is 1e+39, expected a number from 0 to 1e+30"),
                ("stepSize=0", "stepSize is 0.0, expected a positive number up to 1e+30"),
                ("gradientBatches=1", "gradientBatches is 1, expected 0, or at least 2"),
                ("objectives=[adence]", "the nearest is 'adance'"), ("data=mnits", "the nearest is 'mnist'"),
            ] {
                let message = try refusal(AdaNCEImages(), of: override)
                #expect(message.contains(expected), "\(override): \(message)")
            }
        }
    }
}
