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
            func values(_ part: String, _ labels: [String: String] = [:]) -> [[String: Double]] {
                records.filter { record in
                    record.cell.label("part") == part && labels.allSatisfy { record.cell.label($0.key) == $0.value }
                }.map(\.values)
            }
            for found in values("dimension", ["d": "2"]) {
                #expect(abs(found["KL"]! - found["KL@quadrature"]!) < 5 * found["KL's error"]!, "\(found)")
            }
            let (narrow, wide) = (values("bandwidth", ["sigma": "0.01"])[0], values("bandwidth", ["sigma": "0.1"])[0])
            #expect(abs(wide["gradient"]! / narrow["gradient"]! - 100) < 30, "\(wide), \(narrow)")
            #expect(abs(wide["gradient's deviation"]! / narrow["gradient's deviation"]! - 10) < 2, "\(wide), \(narrow)")
            for found in values("discriminator") { #expect(found["excess"]! > 0 && found["JS"]! > 0) }
            #expect(
                values("stein", ["shift": "0.8"])[0]["rejected@0.05"]! > values("stein", ["shift": "0"])[0][
                    "rejected@0.05"]! + 0.5)
            for name in ["chart-dimension.png", "chart-bandwidth.png", "chart-stein-gaussian.png", "table-stein.md"] {
                #expect(
                    FileManager.default.fileExists(atPath: plan.folder.url.appendingPathComponent(name).path), "\(name)"
                )
            }
        }
    }

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
            let (claimed, adapted) = (records[0].values, records[1].values)
            #expect(claimed["KL"]! < 0.5 && claimed["KL"]! > 0 && abs(claimed["logMass"]!) < 0.2, "\(claimed)")
            #expect(
                adapted["KL"]! < 0.5 && abs(adapted["ratio variance"]!) < 1e-6 && adapted["cosine"]! > 0.999,
                "\(adapted)")
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
            ("intervals=[0, 5]", "expected a list of different numbers from 1 to"),
            ("bandwidths=[0]", "expected a list of different numbers from 0.001 to 100.0"),
            ("dimensions=[3]", "expected a list of different even numbers"),
            ("productTarget=checkerboard", "expected a target that is positive everywhere, not checkerboard"),
            ("methods=[adence]", "the nearest is 'adance'"),
        ] {
            let message = try refusal(NCEFamily(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }
}
