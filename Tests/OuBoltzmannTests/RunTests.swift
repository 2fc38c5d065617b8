import EnergyModels
import Experiments
import Foundation
import Objectives
import Oracles
import OuBoltzmann
import RunSupport
import Testing
import Torch

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<OuBoltzmann> {
    try smokePlan(OuBoltzmann(), output, set: overrides, resume: resume, threads: 1)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct RunTests {
    /// The smoke profile: every cell ends with finite numbers, the exact is exact, and tables and charts are there.
    @Test func theSmokeRunIsWhole() throws {
        try withFolder { folder in
            let plan = try plan(folder)
            let records = try run(plan)
            #expect(records.count == 8 + 12)
            for record in records { #expect(record.status == .finished, "\(record.cell.id)") }
            for record in records where record.cell.labels["model"] == "boltzmann" {
                for (name, at) in [
                    ("proposalDifference", [:]), ("lossError", ["estimator": "guided"]),
                    ("gradientBias", ["estimator": "surrogate", "over": "points"]),
                    ("gradientBias", ["estimator": "surrogate", "over": "p"]),
                ] {
                    #expect(try abs(#require(record.value(name, at: at))) < 1e-10, "\(name)")
                }
            }
            let rbm = try #require(records.first { $0.cell.labels["model"] == "rbm" })
            #expect(try #require(rbm.value("gradientBias", at: ["estimator": "surrogate", "over": "p"])) > 0.01)
            #expect(try #require(rbm.value("lossError", at: ["estimator": "guided"])) > 1e-6)

            // s = 1 … d in the log; weighted errors fall as 1/s.
            let logged = try plan.folder.cell(rbm.cell.id).logged("gradientErrorGuided")
            #expect(logged.map(\.iteration) == Array(1...8))
            #expect(abs(logged[7].value * 8 / logged[0].value - 1) < 1e-10)

            for name in ["gradient-8-rbm-4", "loss-8-mlp-1", "curvature-8", "iterations-6-500", "seconds-6-500"] {
                let url = plan.folder.pictures.appendingPathComponent("\(name).png")
                #expect(FileManager.default.fileExists(atPath: url.path), "\(name)")
            }
            let declaration = try #require(plan.shows.tables.first { $0.name == "learning" })
            let table = try declaration.table(
                Measurements(records.flatMap(\.measurements)), plan.shows.vocabulary, place: "test")
            let column = { (title: String) in table.columns.firstIndex(of: title)! }
            #expect(table.rows.count == 12)
            let likelihood = try #require(table.rows.first { $0[column("method")] == "ml" })
            #expect(likelihood[column("over ML's")] == "1.00")
        }
    }

    @Test func everythingThatIsDeclaredCanBeRead() throws { try validateDeclarations(of: OuBoltzmann()) }

    @Test func aRunIsTheSameBytesTwiceAndAfterInterruptions() throws {
        let overrides = [
            "models=[rbm]", "scales=[1]", "methods=[ml, pcd, rmwggis-basic, rmwrand]", "iterations=14",
            "evaluateEvery=3",
        ]
        // Asked at every iteration's end and before every cell: stopped after each fifth.
        let (records, attempts, comparison) = try compareWithInterrupted(every: 5) {
            try plan($0, set: overrides, resume: $1)
        }
        #expect(records.count == 1 + 4)
        #expect(attempts > 8)
        // The cell of the estimates logs nothing.
        #expect(comparison.compared == 2 + 3 * 4)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    /// What power of the truth is learnt, from 20,000 points of 6 bits: with 15 couplings of 0.2 the likelihood's slope
    /// has a standard error of 1/√(20,000 · 15 · 0.04) = 0.01, and the bound is five of them. Squared ratios learn a
    /// quarter, all flips or few; the consistent forms and the likelihoods the whole. The unweighted form learns less
    /// than a quarter.
    @Test func theFittedSlopeIsThePowerThatIsLearnt() throws {
        try withFolder { folder in
            let quarter: [OuBoltzmann.Method] = [.rm, .surrogate, .rmwrand, .basic]
            let whole: [OuBoltzmann.Method] = [
                .maximumLikelihood, .pseudoLikelihood, .halfPower, .bounded, .basicHalfPower,
            ]
            let records = try run(
                plan(
                    folder,
                    set: [
                        "parts=[learning]", "samples=[20000]", "iterations=150", "learningRate=0.05",
                        "methods=[\(((quarter + whole).map(\.rawValue) + ["rmwggis-advanced"]).joined(separator: ", "))]",
                    ]))
            func value(_ metric: String, _ method: String, at readOut: [String: String] = [:]) throws -> Double {
                let record = try #require(records.first { $0.cell.labels["method"] == method })
                return try #require(record.value(metric, at: readOut))
            }
            for method in quarter.map(\.rawValue) {
                let slope = try value("slope", method)
                let plain = try value("kl", method, at: ["beta": "1"])
                let own = try value("kl", method, at: ["beta": "own"])
                #expect(abs(slope - 0.25) < 0.0125, "\(method): \(slope)")
                #expect(plain > 20 * own && own < 2e-3, "\(method)")
            }
            for method in whole.map(\.rawValue) {
                let (slope, own) = (try value("slope", method), try value("kl", method, at: ["beta": "own"]))
                #expect(abs(slope - 1) < 0.05, "\(method): \(slope)")
                #expect(own < 2e-3, "\(method)")
            }
            let advanced = try value("slope", "rmwggis-advanced")
            #expect(0.1..<0.23 ~= advanced)
            let slopes = try 4 * value("slope", "rm") / value("slope", "rm-power-half")
            #expect(abs(slopes - 1) < 1e-3)
            let beta = try value("bestBeta", "rm")
            #expect(abs(beta - 4) < 0.1)
        }
    }

    /// The family is closed under scaling: squared ratios at J are the power ½ at 4J, and their gradients differ by the
    /// factor 4. So they have one optimum, read out at β = 4.
    @Test func squaredRatiosAreThePowerHalfOfTheScaledMachine() throws {
        let energy = try randomMachine(6, couplings: 0.2, fields: 0.1, using: RandomGenerator(seed: 4))
        let scaled = try QuadraticEnergy(
            couplings: energy.couplings.map { 4 * $0 }, fields: energy.fields.map { 4 * $0 }, alphabet: .spins)
        let generator = RandomGenerator(seed: 5)
        let x = Tensor.integers([40, 6], 0..<2, dtype: .float64, using: generator)
        let squared = try RatioMatching(.exact).lossAndGradients(
            BoltzmannMachine(energy, dtype: .float64), x, using: generator)
        let half = try RatioMatching(.exact, ratio: .power(0.5))
            .lossAndGradients(BoltzmannMachine(scaled, dtype: .float64), x, using: generator)
        #expect(abs(squared.loss.item() / half.loss.item() - 1) < 1e-12)
        for (a, b) in zip(squared.gradients, half.gradients) { #expect(relativeDeviation(a, 4 * b) < 1e-12) }
    }

    /// Scores of machines whose distance from the truth is known in closed form: no couplings, so that bits are
    /// independent and KL = Σ p log(p/q) + (1 − p) log((1 − p)/(1 − q)), p = σ(2h); and of multiples of the truth.
    @Test func scoresAreThoseOfClosedForms() throws {
        let fields = [0.3, -0.8, 1.1]
        let none = [Double](repeating: 0, count: 9)
        let truth = try Truth(QuadraticEnergy(couplings: none, fields: fields, alphabet: .spins))
        let scores = try truth.scores(
            of: QuadraticEnergy(couplings: none, fields: [0, 0.2, 0.5], alphabet: .spins), readOut: 2)
        func divergence(_ others: [Double]) -> Double {
            zip(fields, others).reduce(0) { sum, h in
                let (p, q) = (1 / (1 + exp(-2 * h.0)), 1 / (1 + exp(-2 * h.1)))
                return sum + p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
            }
        }
        #expect(abs(scores.divergence - divergence([0, 0.2, 0.5])) < 1e-12)
        #expect(abs(scores.divergenceOfReadOut - divergence([0, 0.4, 1])) < 1e-12)
        // Over 3 couplings and 3 fields.
        #expect(abs(scores.error - ((0.09 + 1 + 0.36) / 6).squareRoot()) < 1e-12)
        #expect(abs(scores.errorOfReadOut - ((0.09 + 1.44 + 0.01) / 6).squareRoot()) < 1e-12)

        let machine = try randomMachine(5, couplings: 0.5, fields: 0.4, using: RandomGenerator(seed: 3))
        let fifth = try QuadraticEnergy(
            couplings: machine.couplings.map { $0 / 5 }, fields: machine.fields.map { $0 / 5 }, alphabet: .spins)
        let own = try Truth(machine)
        let fifthScores = try own.scores(of: fifth, readOut: 5)
        #expect(abs(fifthScores.slope - 0.2) < 1e-12)
        #expect(fifthScores.divergenceOfReadOut < 1e-12)
        let best = try own.bestReadOut(of: fifth)
        #expect(abs(best.beta - 5) < 1e-3 && best.divergence < 1e-7)
    }

    @Test func aRunThatLeavesTheFiniteNumbersIsRecordedAsDiverged() throws {
        try withFolder { folder in
            let records = try run(
                plan(
                    folder,
                    set: ["parts=[learning]", "methods=[rm, rmwggis-basic]", "learningRate=1e30", "iterations=50"]))
            for record in records {
                guard case .diverged(let quantity, let iteration) = record.status else {
                    Issue.record("\(record.cell.id): \(record.status)")
                    continue
                }
                #expect(["couplings", "fields", "proposal"].contains(quantity) && 1...50 ~= iteration)
            }
        }
    }

    @Test func settingsThatCannotBeAreNamed() throws {
        for (override, expected) in [
            (
                "dimensions=[21]",
                "configuration: dimensions is [21], expected a list of different whole numbers from 2 to 20"
            ),
            (
                "estimateDimensions=[1]",
                "configuration: estimateDimensions is [1], expected a list of different whole numbers from 2 to 20"
            ),
            ("hiddenUnits=13", "configuration: hiddenUnits is 13, expected a whole number from 1 to 12"),
            ("scales=[1, 1]", "configuration: scales is [1.0, 1.0], expected a list of different numbers above 0"),
            ("scales=[.nan]", "configuration: scales is [nan], expected a list of different numbers above 0"),
            ("couplingScale=-1", "configuration: couplingScale is -1.0, expected a number from 0 to 100"),
            ("learningRate=0", "configuration: learningRate is 0.0, expected a positive number"),
            ("flips=0", "configuration: flips is 0, expected a whole number from 1"),
            ("samples=[0]", "configuration: samples is [0], expected a list of different whole numbers from 1"),
            ("points=0", "configuration: points is 0, expected a whole number from 1"),
            ("mlpWidths=[]", "configuration: mlpWidths is [], expected a list of widths from 1 to 4096"),
            ("methods=[rmwgis-basic]", "the nearest is 'rmwggis-basic'"),
            ("models=[rbn]", "the nearest is 'rbm'"),
            ("parts=[]", "configuration: parts is [], expected a list of different names, at least one"),
        ] {
            let message = try refusal(OuBoltzmann(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }
}
