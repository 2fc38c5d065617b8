import Experiments
import Foundation
import NCEFamily
import RunSupport
import Testing

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<NCEFamily> {
    try smokePlan(NCEFamily(), output, set: overrides, resume: resume, threads: 1)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct NCEFamilyTests {
    /// What holds whatever is learnt: annealing agrees with quadrature in the plane; the conditional form's gradient
    /// falls as σ² and its noise as σ, which is 10 times either between 0.1 and 0.01 to a half; a test's power is above
    /// its level; the loss is above its least.
    @Test func measuresAgreeWithWhatIsKnown() throws {
        try withFolder { folder in
            let plan = try plan(
                folder, set: ["parts=[dimension, bandwidth, discriminator, stein]", "gradientBatches=200"])
            let records = try run(plan)
            #expect(records.allSatisfy { $0.status == .finished })
            func found(_ part: String, _ labels: [String: String] = [:]) -> [CellRecord] {
                records.filter { record in
                    record.cell.labels["part"] == part && labels.allSatisfy { record.cell.labels[$0.key] == $0.value }
                }
            }
            for cell in found("dimension", ["d": "2"]) {
                let error = try #require(cell.measurements.first { $0.metric == "kl" && $0.readOut.isEmpty }?.error)
                let gap = cell.value("kl")! - cell.value("kl", at: ["by": "quadrature"])!
                #expect(abs(gap) < 5 * error, "\(cell.cell.id): \(gap), \(error)")
            }
            let (narrow, wide) = (found("bandwidth", ["sigma": "0.01"])[0], found("bandwidth", ["sigma": "0.1"])[0])
            func ratio(_ metric: String) -> Double { wide.value(metric)! / narrow.value(metric)! }
            #expect(abs(ratio("gradientNorm") - 100) < 30, "\(ratio("gradientNorm"))")
            #expect(abs(ratio("gradientDeviation") - 10) < 2, "\(ratio("gradientDeviation"))")
            for cell in found("discriminator") {
                #expect(cell.value("excess")! > 0 && cell.value("jensenShannon")! > 0)
            }
            func rejected(_ shift: String) -> Double {
                found("stein", ["shift": shift])[0].value("rejected", at: ["level": "0.05"])!
            }
            #expect(rejected("0.8") > rejected("0") + 0.5)
            for name in [
                "pictures/dimension.png", "pictures/bandwidth.png", "pictures/stein-gaussian.png",
                "pictures/logits.png", "tables/stein.md",
            ] {
                #expect(
                    FileManager.default.fileExists(atPath: plan.folder.url.appendingPathComponent(name).path), "\(name)"
                )
            }
        }
    }

    @Test func theDeclarationsAreComplete() throws { try validateDeclarations(of: NCEFamily()) }

    /// After 600 updates by noise contrast the model is nearer than at its start, where KL is about 1, and nearly
    /// normalised; exact draws of a frozen copy that is renewed at every update leave no bias and the gradient of
    /// likelihood.
    @Test func noiseContrastLearnsARing() throws {
        try withFolder { folder in
            let few = [
                "parts=[claims, sampling]", "methods=[nce]", "targets=[8gaussians]", "draws=[exact]", "intervals=[1]",
                "batchSize=256",
            ]
            let records = try run(plan(folder, set: few + ["iterations=600", "hidden=[32, 32]"]))
            let kl = records.map { $0.value("kl")! }
            #expect(kl.allSatisfy { $0 < 0.5 && $0 > 0 }, "\(kl)")
            #expect(abs(records[0].value("logMass")!) < 0.2)
            #expect(abs(records[1].value("ratioVariance")!) < 1e-6 && records[1].value("cosine")! > 0.999)
        }
    }

    @Test func everyPartGoesOnAfterInterruptionsAsIfNothingHadHappened() throws {
        let few = [
            "iterations=8", "logEvery=3", "bandwidths=[0.1]", "dimensions=[2]", "methods=[nce, ace, fce, adance]",
        ]
        let (records, attempts, comparison) = try compareWithInterrupted(every: 11) {
            try plan($0, set: few, resume: $1)
        }
        #expect(records.count == 4 + 4 + 2 + 1 + 2 + 6 + 2)
        #expect(records.allSatisfy { $0.status == .finished })
        #expect(attempts > 10)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    @Test func settingsThatCannotBeAreNamed() throws {
        for (override, expected) in [
            ("timeStep=1e300", "configuration: timeStep is 1e+300, expected a positive number up to 1e+30"),
            (
                "confinement=0",
                "configuration: confinement is 0.0, expected a positive number up to 1e+30: without it exp(−E) has no mass"
            ),
            ("intervals=[0, 5]", "expected a list of different whole numbers from 1 to"),
            ("bandwidths=[0]", "expected a list of different numbers from 0.001 to 100"),
            ("dimensions=[3]", "expected a list of different even numbers"),
            ("productTarget=checkerboard", "expected a target that is positive everywhere, not checkerboard"),
            ("methods=[adence]", "the nearest is 'adance'"),
        ] {
            let message = try refusal(NCEFamily(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }
}
