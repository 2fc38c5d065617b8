import Experiments
import Foundation
import RunSupport
import ScoreMatchingDensities
import Testing

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<
    ScoreMatchingDensities
> {
    try smokePlan(ScoreMatchingDensities(), output, set: overrides, resume: resume, threads: 1)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct ScoreMatchingDensitiesTests {
    /// Slope 2 is the order of the next term in ε; slope −1 that of one draw's noise, whose size is a matter of chance.
    /// Unbiased estimators stay within five standard errors at any seed but one in 10⁶.
    @Test func limitsAndExpectationsAreThoseOfTheNotes() throws {
        try withFolder { folder in
            let plan = try plan(folder, set: ["parts=[one-step, traces]"])
            let records = try run(plan)
            let limit = records[0]
            let error = limit.value("errorSlope", at: ["gradient": "expected"])!
            #expect(abs(error - 2) < 0.02, "\(error)")
            let ratio = limit.value("ratio", at: ["gradient": "expected", "step": "0.001"])!
            #expect(abs(ratio - 1) < 1e-4, "\(ratio)")
            #expect(limit.value("errorSlope", at: ["gradient": "drawn"])! < -0.5)
            for record in records.dropFirst() where record.cell.labels["estimator"] != "exact" {
                #expect(abs(record.value("bias")!) < 5, "\(record.cell.id)")
                #expect(record.value("variance")! > 0)
            }
            for name in [
                "pictures/one-step-error-8gaussians.png", "pictures/variance.png", "pictures/cost.png",
                "tables/traces.md",
            ] {
                #expect(
                    FileManager.default.fileExists(atPath: plan.folder.url.appendingPathComponent(name).path), "\(name)"
                )
            }
        }
    }

    @Test func theDeclarationsAreComplete() throws { try validateDeclarations(of: ScoreMatchingDensities()) }

    /// After 400 updates by the likelihood the model is nearer than at its start, where KL is about 1.
    @Test func theLikelihoodLearnsARing() throws {
        try withFolder { folder in
            let few = ["parts=[learning]", "targets=[8gaussians]", "objectives=[maximum-likelihood]"]
            let records = try run(plan(folder, set: few + ["iterations=400", "hidden=[32, 32]"]))
            let kl = try #require(records[0].value("kl"))
            #expect(kl < 0.4 && kl > 0, "\(kl)")
        }
    }

    @Test func everyPartGoesOnAfterInterruptionsAsIfNothingHadHappened() throws {
        let few = ["iterations=6", "logEvery=2"]
        let (records, attempts, comparison) = try compareWithInterrupted(every: 4) {
            try plan($0, set: few, resume: $1)
        }
        #expect(records.count == 12 + 1 + 10 + 2)
        #expect(records.allSatisfy { $0.status == .finished })
        #expect(attempts > 10)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    @Test func settingsThatCannotBeAreNamed() throws {
        for (override, expected) in [
            ("chainTimeStep=1e300", "configuration: chainTimeStep is 1e+300, expected a positive number up to 1e+30"),
            (
                "confinement=0",
                "configuration: confinement is 0.0, expected a positive number up to 1e+30: without it exp(−E) has no mass"
            ),
            ("limitSteps=[0.1, 0.2, 0.3]", "expected a falling list of at least three numbers"),
            ("noiseTarget=rings", "configuration: noiseTarget is rings, expected a mixture of Gaussians"),
            ("objectives=[slice]", "the nearest is 'sliced'"),
            ("targets=[moon]", "the nearest is 'moons'"),
        ] {
            let message = try refusal(ScoreMatchingDensities(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }
}
