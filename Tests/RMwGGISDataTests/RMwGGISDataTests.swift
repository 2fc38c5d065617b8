import Datasets
import EnergyModels
import Experiments
import Foundation
import RMwGGISData
import ReplicationShared
import RunSupport
import Samplers
import Testing
import Torch

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<RMwGGISData> {
    try smokePlan(RMwGGISData(), output, set: overrides, resume: resume, threads: 1)
}

@Suite struct BarsTests {
    /// Over all 2⁹ images of 3 × 3; and the mean of log p over many draws is the negative entropy to within four
    /// standard errors.
    @Test func theProbabilitiesAreThoseOfTheDraws() {
        let bars = Bars(side: 3)
        let model = BoltzmannMachine(dimension: 9, alphabet: .bits)
        let states = Tensor.concatenated([model.stateTensor(0..<512)])
        let logarithms = bars.logProbability(states)
        #expect(abs(logarithms.exp().sum().item() - 1) < 1e-12)
        let entropy = -(logarithms.exp() * logarithms).sum().item()
        let drawn = bars.logProbability(bars.sample(20_000, using: RandomGenerator(seed: 1)))
        let error = (drawn.variance(0).item() / 20_000).squareRoot()
        #expect(abs(drawn.mean().item() + entropy) < 4 * error)
    }
}

@Suite struct DrawnBitsTests {
    /// Of independent bits with the log-odds 2h the marginals are σ(2h), to within five standard errors; sweeps are
    /// independent of each other, so that R̂ is near 1 and nearly every sweep counts.
    @Test func drawsFollowTheModel() throws {
        let model = BoltzmannMachine(dimension: 3, alphabet: .bits)
        withoutGradients { model.fields.assign(Tensor([-1, 0, 2] as [Float])) }
        let request = DrawRequest(count: 4000, steps: 100, seed: 7)
        func draw() throws -> (bits: Tensor, diagnostics: String) {
            try request.bits(of: model, "Gibbs sweeps", steps: 9) {
                GibbsSampler().sample(model, from: $0, sweeps: 1, using: $1)
            }
        }
        let drawn = try draw()
        let means = drawn.bits.mean(0).array(Double.self)
        for (mean, field) in zip(means, [-1.0, 0, 2]) {
            let p = 1 / (1 + exp(-field))
            #expect(abs(mean - p) < 5 * (p * (1 - p) / 4000).squareRoot(), "\(mean) for \(p)")
        }
        #expect(try draw().bits.array(UInt8.self) == drawn.bits.array(UInt8.self))
        let found = try #require(
            drawn.diagnostics.wholeMatch(
                of:
                    /4000 chains of 100 Gibbs sweeps; (?<share>[\d.]+) % of the bits change in one; energy over the last 50: R̂ (?<r>[\d.]+); effective sample size a chain (?<size>[\d.]+)/
            ), "\(drawn.diagnostics)")
        let probabilities = [-1.0, 0, 2].map { 1 / (1 + exp(-$0)) }
        let expected = probabilities.reduce(0) { $0 + 2 * $1 * (1 - $1) / 3 }
        #expect(abs(try #require(Double(found.share)) - 100 * expected) < 1)
        #expect(abs(try #require(Double(found.r)) - 1) < 0.01)
        #expect(try #require(Double(found.size)) > 25)
    }
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct RMwGGISDataTests {
    /// Every energy leaves independent bits behind by pseudo-likelihood, and none is better than the truth.
    @Test func everyEnergyLearnsBars() throws {
        try withFolder { folder in
            let plan = try plan(
                folder, set: ["iterations=1500", "methods=[pseudo-likelihood]", "evaluateEvery=0", "images=4000"])
            let records = try run(plan)
            #expect(records.count == 3)
            for record in records {
                let nll = try #require(record.value("nll", at: ["beta": "1"]))
                let truth = try #require(record.value("nll", at: ["of": "truth"]))
                let independent = try #require(record.value("nll", at: ["of": "independent bits"]))
                #expect(nll < independent - 0.3, "\(record.cell.id): \(nll) against \(independent)")
                // 800 held-out images: a model can be better than the truth on them by chance, hardly by so much.
                #expect(nll > truth - 0.02, "\(record.cell.id): \(nll) against \(truth)")
                let pseudo = try #require(record.value("pseudoNLL", at: ["beta": "1"]))
                #expect(pseudo < independent)
            }
        }
    }

    @Test func everythingThatIsDeclaredCanBeRead() throws { try validateDeclarations(of: RMwGGISData()) }

    @Test func everyMethodRunsAndGoesOnAfterInterruptionsAsIfNothingHadHappened() throws {
        let few = ["iterations=8", "evaluateEvery=5", "logEvery=2", "gibbsSweeps=2"]
        let (records, attempts, comparison) = try compareWithInterrupted(every: 5) {
            try plan($0, set: few, resume: $1)
        }
        #expect(records.count == 30 && records.allSatisfy { $0.status == .finished })
        #expect(attempts > 10)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    /// The same bits as .npy, text and HDF5 give the same numbers; a second file is tested on instead of a part.
    @Test func bitsOfAFileAreLearntFromWhateverItsFormat() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let bits = Bars(side: 5).sample(60, using: RandomGenerator(seed: 1)).array(UInt8.self)
            let samples = Samples.bits(BinaryBatch(bits: bits, dimension: 25))
            var found: [[Double]] = []
            for format in SampleFile.Format.allCases {
                let file = folder.appendingPathComponent("bits.\(format.rawValue)")
                try SampleFile.write(samples, to: file.path, as: format)
                let output = folder.appendingPathComponent(format.rawValue)
                let records = try run(
                    plan(
                        output,
                        set: [
                            "data=\(file.path)", "methods=[rmwggis-basic]", "models=[rbm]", "annealingTemperatures=20",
                        ]))
                #expect(records[0].cell.id == "bits-rbm-rmwggis-basic-seed1")
                #expect(try #require(records[0].value("effectiveSampleSize", at: ["beta": "1"])) >= 1)
                found.append(records[0].measurements.map(\.value))
            }
            #expect(found[0] == found[1] && found[1] == found[2])
            let path = folder.appendingPathComponent("bits.npy").path
            let records = try run(
                plan(
                    folder.appendingPathComponent("two"),
                    set: [
                        "data=\(path)", "heldOutData=\(path)", "methods=[pcd]", "models=[boltzmann]", "iterations=5",
                        "annealingTemperatures=5",
                    ]))
            // One file twice: training and test are the same points, but for their number.
            let record = records[0]
            #expect(
                record.value("pseudoNLL", at: ["beta": "1"]) == record.value("trainingPseudoNLL", at: ["beta": "1"]))
        }
    }

    @Test func pointsOfThePlaneAreCoded() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appendingPathComponent("points.csv")
            let points = (0..<50).map { SIMD2(cos(Double($0)), sin(Double($0))) }
            try SampleFile.write(.points(points), to: file.path, as: .csv)
            let few = ["data=\(file.path)", "methods=[rm]", "models=[mlp]", "iterations=5", "dimension=12"]
            let records = try run(plan(folder.appendingPathComponent("run"), set: few))
            // −log p(xᵢ | x₋ᵢ) summed over 12 bits that hardly have been learnt.
            let cost = try #require(records[0].value("pseudoNLL", at: ["beta": "1"]))
            #expect(abs(cost - 12 * log(2)) < 1, "\(cost)")
        }
    }

    /// A trained machine gives bars back: its samples are nearer to the truth than independent bits are, and a run
    /// learns from them.
    @Test func samplesOfARunAreDataOfAnother() throws {
        try withFolder { folder in
            let plan = try plan(
                folder.appendingPathComponent("run"),
                set: [
                    "iterations=1500", "methods=[pseudo-likelihood]", "models=[rbm]", "evaluateEvery=0",
                    "learningRate=0.05",
                ])
            try run(plan)
            let trained = try plan.trained(cell: nil)
            #expect(trained.checkpoint.iteration == 1500)
            let request = DrawRequest(count: 500, steps: 100)
            guard case .samples(.bits(let bits)) = try RMwGGISData().draw(request, from: trained).content,
                case .samples(.bits(let again)) = try RMwGGISData().draw(request, from: trained).content
            else { return #expect(Bool(false), "no bits were drawn") }
            #expect(bits == again && bits.count == 500 && bits.dimension == 9)
            let x = Tensor(bits.bits, shape: [500, 9]).converted(to: .float32)
            let independent = IndependentBits(meansOf: x)
            let coins = RandomGenerator(seed: 1).bernoulli(independent.probabilities(500))
            let bars = Bars(side: 3)
            let (own, others) = (bars.logProbability(x).mean().item(), bars.logProbability(coins).mean().item())
            #expect(own > others + 0.3, "\(own) against \(others)")
            let file = folder.appendingPathComponent("samples.h5")
            try SampleFile.write(.bits(bits), to: file.path, as: .hdf5)
            let records = try run(
                smokePlan(
                    RMwGGISData(), folder.appendingPathComponent("again"),
                    set: ["data=\(file.path)", "methods=[rm]", "models=[boltzmann]", "iterations=5"], resume: false,
                    threads: 1))
            #expect(records[0].status == .finished)
        }
    }

    @Test func dataAndSettingsThatCannotBeAreNamed() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            func write(_ name: String, _ text: String) throws -> String {
                let url = folder.appendingPathComponent(name)
                try Data(text.utf8).write(to: url)
                return url.path
            }
            func fault(_ overrides: String...) throws -> String {
                do { _ = try run(plan(folder.appendingPathComponent("run"), set: overrides)) } catch {
                    return "\(error)"
                }
                return ""
            }
            let (three, two) = (
                try write("three.csv", "0,1,1\n1,0,0\n0,0,0\n1,1,1\n"), try write("two.csv", "0,1\n1,0\n")
            )
            let points = try write("points.csv", "0.5,1\n1,0\n")
            #expect(try fault("data=\(folder.path)/none.csv") == "\(folder.path)/none.csv: no such file or directory")
            #expect(try fault("data=\(two)") == "\(two): holds 2 samples, expected at least 4 to learn and to test")
            #expect(
                try fault("data=\(three)", "heldOutData=\(two)")
                    == "\(two): holds bits of 2 columns, expected bits of 3 columns, as \(three) holds")
            #expect(
                try fault("data=\(three)", "heldOutData=\(points)")
                    == "\(points): holds points of the plane, expected bits of 3 columns, as \(three) holds")
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("run").path))
        }
        for (override, expected) in [
            ("dimension=13", "configuration: dimension is 13, expected an even number from 4 to 2048"),
            ("heldOut=1", "configuration: heldOut is 1.0, expected a share between 0 and 1"),
            ("heldOutData=x.csv", "configuration: heldOutData is x.csv, expected none beside data=bars"),
            ("methods=[cd-1]", "unknown methods 'cd-1'"), ("inverseTemperatures=[4]", "expected 1 among them"),
        ] {
            let message = try refusal(RMwGGISData(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }
}
