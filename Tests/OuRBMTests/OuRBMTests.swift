import Experiments
import Figures
import Foundation
import OuRBM
import RunSupport
import Testing
import Torch

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<OuRBM> {
    try smokePlan(OuRBM(), output, set: overrides, resume: resume, threads: 2)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct OuRBMTests {
    /// After 600 updates contrastive divergence has left independent pixels far behind; every method's pictures and
    /// numbers are there.
    @Test func aMachineLearnsBars() throws {
        try withFolder { folder in
            let plan = try plan(
                folder, set: ["iterations=600", "methods=[cd-10, rmwggis-power-half]", "learningRate=0.01"])
            let records = try run(plan)
            for record in records {
                let found = try #require(record.value("testLogLikelihood", at: ["beta": "1"]))
                let baseline = try #require(record.value("testLogLikelihood", at: ["of": "independent pixels"]))
                #expect(found > baseline + 5, "\(record.cell.id): \(found) against \(baseline)")
                #expect(found < 0)
            }
            let sheet = try Image(png: plan.folder.cell(records[0].cell.id).url.appendingPathComponent("samples.png"))
            #expect((sheet.width, sheet.height) == (102, 102))
        }
    }

    @Test func everythingThatIsDeclaredCanBeRead() throws { try validateDeclarations(of: OuRBM()) }

    @Test func everyMethodRunsAndGoesOnAfterInterruptionsAsIfNothingHadHappened() throws {
        let few = ["iterations=8", "evaluateEvery=5", "logEvery=2", "annealingTemperatures=5", "sampleSteps=3"]
        let (records, attempts, comparison) = try compareWithInterrupted(every: 5) {
            try plan($0, set: few, resume: $1)
        }
        #expect(records.count == 10 && records.allSatisfy { $0.status == .finished })
        #expect(attempts > 10)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    /// Weights of ±10³⁰⁰ overflow; chains, draws and evaluations of such a machine come before its loss.
    @Test(arguments: [0, 1]) func aMachineThatLeavesTheFiniteNumbersIsRecordedAsDiverged(_ evaluateEvery: Int) throws {
        try withFolder { folder in
            let plan = try plan(
                folder,
                set: [
                    "iterations=4", "evaluateEvery=\(evaluateEvery)", "learningRate=1e300", "annealingTemperatures=5",
                ])
            for record in try run(plan) { #expect(record.status.isDiverged, "\(record.cell.id)") }
        }
    }

    @Test func dataThatIsNotThereAndSettingsThatCannotBeAreNamed() throws {
        try withFolder { folder in
            var message = ""
            do { _ = try run(plan(folder, set: ["data=mnist", "folder=\(folder.path)/none", "iterations=1"])) } catch {
                message = "\(error)"
            }
            #expect(message.contains("train-images-idx3-ubyte.gz: is not there: `make data` fetches it"))
            for (override, expected) in [
                ("hidden=0", "configuration: hidden is 0, expected a whole number from 1 to 65536"),
                ("batchSize=501", "configuration: batchSize is 501, expected at most trainingImages, 500"),
                ("learningRate=0", "configuration: learningRate is 0.0, expected a positive number"),
                ("methods=[cd-2]", "the nearest is 'cd-1'"),
            ] {
                let message = try refusal(OuRBM(), of: override)
                #expect(message.contains(expected), "\(override): \(message)")
            }
        }
    }
}
