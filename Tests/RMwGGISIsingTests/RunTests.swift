import Experiments
import Figures
import Foundation
import RMwGGISIsing
import RunSupport
import Testing
import Torch

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<RMwGGISIsing> {
    try smokePlan(RMwGGISIsing(), output, set: overrides, resume: resume, threads: 1)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct RunTests {
    private static let everyMethod =
        "methods=[rm, rmwrand, rmwggis-basic, rmwggis-advanced, rm-power-half, rmwggis-power-half, rm-bounded, "
        + "pseudo-likelihood, known-graph, pcd-gibbs, pcd-gwg]"

    @Test func everyCellHasFiniteNumbersARowAndItsPictures() throws {
        try withFolder { folder in
            let plan = try plan(
                folder,
                set: [
                    Self.everyMethod, "iterations=20", "dataUpdates=200", "datasets=[square-3-s0.1, er-20-2]",
                    "samplingSteps=100",
                ])
            let records = try run(plan)
            #expect(records.count == 2 * 11 + 3)
            for record in records {
                #expect(record.status == .finished)
                let isLearning = record.cell.labels["part"] == "learning"
                #expect((record.value("lnRMSEScaled", at: ["penalty": "chosen"]) != nil) == isLearning)
                #expect((record.value("essHamming") != nil) == !isLearning)
            }
            let pictures = plan.folder.cell("learning-er-20-2-rm-seed1111").url
            for name in ["truth", "learnt"] {
                let picture = try Image(png: pictures.appendingPathComponent("\(name).png"))
                #expect((picture.width, picture.height) == (20, 20) && Set(picture.pixels).count > 10)
            }
            for name in ["rmse-square-3-s0.1", "sampling-square-4-s0.1", "couplings"] {
                let url = plan.folder.pictures.appendingPathComponent("\(name).png")
                #expect(FileManager.default.fileExists(atPath: url.path), "\(name)")
            }
            let declaration = try #require(plan.shows.tables.first { $0.name == "learning" })
            let table = try declaration.table(
                Measurements(records.flatMap(\.measurements)), plan.shows.vocabulary, place: "test")
            #expect(table.rows.count == 2 * (11 + 2))
            // √((1/D²) · 2 · 18 · 0.1²) at D = 9.
            let baseline = String(format: "%.2f", log(0.1 * 36.0.squareRoot() / 9))
            let zero = try #require(table.rows.first { $0[0] == "square-3-s0.1" && $0[1].contains("J = 0") })
            #expect(zero[2] == baseline)
        }
    }

    @Test func everythingThatIsDeclaredCanBeRead() throws { try validateDeclarations(of: RMwGGISIsing()) }

    @Test func aRunIsTheSameBytesTwiceAndAfterInterruptions() throws {
        let overrides = [
            "iterations=7", "evaluateEvery=3", "dataUpdates=200", "datasets=[er-20-2]", "pcdSteps=[3]",
            "methods=[rmwggis-basic, known-graph, pcd-gibbs, pcd-gwg]", "samplingSteps=1100", "samplers=[gibbs, gwg-3]",
        ]
        // Asked at every iteration's end: stopped after each fifth.
        let (_, attempts, comparison) = try compareWithInterrupted(every: 5) {
            try plan($0, set: overrides, resume: $1)
        }
        #expect(attempts > 20)
        #expect(comparison.compared == 4 * 5 + 2 * 3)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    /// 20,000 points of the 3×3 torus at σ = 0.1. An entry of J has the standard error 1/(2√n) = 0.0035 or somewhat
    /// more, so the slope over 18 edges of 0.1 has 0.0035/(0.1 √18) = 0.8 % of itself, somewhat more by correlations
    /// and, for PCD, by the chains: 8 % is far.
    @Test func theSlopeIsThePowerThatIsLearnt() throws {
        try withFolder { folder in
            let records = try run(
                plan(
                    folder,
                    set: [
                        Self.everyMethod, "datasets=[square-3-s0.1]", "samplingDatasets=[]", "dataChains=20000",
                        "penalties=[]",
                        "iterations=1500", "dataUpdates=2000", "pcdSteps=[9]", "batchSize=200", "chains=200",
                    ]))
            for record in records {
                let method = try #require(record.cell.labels["method"])
                let slope = try #require(record.value("slope"))
                switch method {
                case "rm", "rmwrand", "rmwggis-basic": #expect(abs(4 * slope - 1) < 0.08, "\(method): \(slope)")
                case "rmwggis-advanced": #expect(slope < 0.5, "\(method): \(slope)")
                default: #expect(abs(slope - 1) < 0.08, "\(method): \(slope)")
                }
                let raw = try #require(record.value("lnRMSE"))
                let scaled = try #require(record.value("lnRMSEScaled"))
                let baseline = try #require(record.value("lnRMSE", at: ["of": "J = 0"]))
                if ["rm", "rmwggis-basic"].contains(method) {
                    // J/4 misses three quarters of every coupling; 4J misses what the sample misses.
                    #expect(abs(raw - (baseline + log(0.75))) < 0.1 && scaled < raw - 1, "\(method)")
                } else if method == "rm-power-half" {
                    #expect(raw == scaled && raw < log(0.01))
                }
            }
        }
    }

    @Test func settingsThatCannotBeAreNamed() throws {
        for (override, expected) in [
            (
                "datasets=[square-2-s0.1]",
                "datasets is square-2-s0.1, expected square-SIDE-sCOUPLING, cubic-SIDE-sCOUPLING or er-SITES-DEGREE"
            ),
            ("datasets=[hexagonal-4-s0.1]", "datasets is hexagonal-4-s0.1, expected square-SIDE"),
            ("datasets=[square-10-0.1]", "datasets is square-10-0.1, expected square-SIDE"),
            ("datasets=[square-10-snan]", "datasets is square-10-snan, expected square-SIDE"),
            ("datasets=[cubic-99999999999-s0.1]", "datasets is cubic-99999999999-s0.1, expected square-SIDE"),
            ("datasets=[er-10-11]", "datasets is er-10-11, expected square-SIDE"),
            ("samplingDatasets=[er-10]", "samplingDatasets is er-10, expected square-SIDE"),
            ("datasets=[er-10-2, er-10-2]", "datasets is [er-10-2, er-10-2], expected a list of different names"),
            ("methods=[pcd-gibs]", "the nearest is 'pcd-gibbs'"),
            ("samplers=[gwg-4]", "gwg-4"),
            ("pcdSteps=[0]", "pcdSteps is [0], expected a list of different whole numbers from 1"),
            ("dataChains=9", "dataChains is 9, expected a whole number from 10"),
            ("dataField=.inf", "dataField is inf, expected a number from -10 to 10"),
            ("penalties=[-0.1]", "penalties is [-0.1], expected a list of different numbers from 0"),
            ("penalties=[0.1, 0.1]", "penalties is [0.1, 0.1], expected a list of different numbers from 0"),
            ("heldOut=0.9", "heldOut is 0.9, expected a share from 0.05 to 0.5"),
            ("learningRate=0", "learningRate is 0.0, expected a positive number"),
            ("samplingSteps=5", "samplingSteps is 5, expected a whole number from 20"),
            ("iterations=many", "iterations is 'many', expected a whole number"),
        ] {
            let message = try refusal(RMwGGISIsing(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }

    @Test func aRunThatLeavesTheFiniteNumbersIsRecordedAsDiverged() throws {
        try withFolder { folder in
            let records = try run(
                plan(
                    folder,
                    set: [
                        "learningRate=1e30", "methods=[rm]", "datasets=[square-3-s0.1]", "samplingDatasets=[]",
                        "iterations=20",
                    ]))
            guard case .diverged(let quantity, _) = records[0].status else {
                Issue.record("\(records[0].status)")
                return
            }
            #expect(quantity == "loss")
        }
    }

    @Test func theProfilesAreValidAndThePaperHasAllModels() throws {
        for (profile, count) in [("smoke", 3 * 5 + 3), ("quick", 2 * 13 + 8), ("paper", 9 * 19 * 3 + 8 * 3)] {
            let plan = try Plan(RMwGGISIsing(), RunRequest(profile: profile, threads: 1))
            #expect(plan.cells.count == count, "\(profile)")
        }
    }
}
