import Experiments
import Figures
import Foundation
import Logging
import RMwGGISSynthetic
import RunSupport
import Testing
import Torch

/// Logs nothing.
private let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// A few iterations of the smoke profile: seconds.
private let small = [
    "iterations=14", "hidden=[32, 32, 32]", "batchSize=20", "evaluationSamples=100", "gibbsSweeps=1", "logEvery=3",
    "evaluateEvery=6", "testPoints=100", "truthPoints=2000", "readOutSweeps=3", "annealingTemperatures=3",
    "annealingChains=20",
]

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<RMwGGISSynthetic> {
    try smokePlan(RMwGGISSynthetic(), output, set: small + overrides, resume: resume, threads: 2)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct RunTests {
    @Test func theLargestSettingsAreEstimated() throws {
        var request = RunRequest(profile: "smoke", threads: 1)
        request.overrides = try ["iterations=1099511627776", "evaluateEvery=1", "gibbsSweeps=1048576"].map {
            try Override($0)
        }
        #expect(try Plan(RMwGGISSynthetic(), request).estimates.rows.allSatisfy { $0[2].hasSuffix(" h") })
    }

    @Test func aRunIsTheSameBytesTwiceAndAfterInterruptions() throws {
        let overrides = [
            "variants=[paper, released]", "datasets=[2spirals, pinwheel]", "dimensions=[12, 32]",
            "methods=[rmwggis-basic, rmwggis-bounded]", "inverseTemperatures=[1, 2]",
        ]
        // Asked at every iteration's end: stopped after each fifth.
        let (_, attempts, comparison) = try compareWithInterrupted(every: 5) {
            try plan($0, set: overrides, resume: $1)
        }
        #expect(attempts > 12)
        #expect(comparison.compared == 12 * 6)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    @Test func theTableHasARowACellWithFiniteNumbersAndPictures() throws {
        try withFolder { folder in
            let records = try run(plan(folder))
            #expect(records.count == 4)
            for record in records {
                #expect(record.status == .finished)
                for metric in ["loss", "mmd", "exponentialMMD", "wasserstein"] {
                    #expect(record.value(metric) != nil, "\(record.cell.id) \(metric)")
                }
                for control in ["data", "independent bits", "coin flips"] {
                    #expect(record.value("mmd", at: ["of": control]) != nil, "\(record.cell.id) \(control)")
                }
                let pictures = folder.appendingPathComponent("cells/\(record.cell.id)")
                let heatMap = try Image(png: pictures.appendingPathComponent("heatmap.png"))
                #expect((heatMap.width, heatMap.height, heatMap.channels) == (100, 100, 3))
                #expect(Set(heatMap.pixels).count > 10)
                let samples = try Image(png: pictures.appendingPathComponent("samples.png"))
                #expect(samples.width == 100)
            }
        }
    }

    /// At d = 16 the read-outs are exact, so the scores of each β are of independent samples: NLL = entropy + KL, to
    /// the correction of the entropy, and KL is not negative beyond the noise of 20,000 points over some thousand
    /// states.
    @Test func readOutsAreOfEveryInverseTemperature() throws {
        try withFolder { folder in
            let record = try run(
                plan(
                    folder,
                    set: [
                        "dimensions=[16]", "methods=[rmwggis-basic]", "inverseTemperatures=[1, 4]", "truthPoints=20000",
                    ]))[0]
            func value(_ name: String, _ beta: String) throws -> Double {
                try #require(record.value(name, at: ["beta": beta]), "\(name) at \(beta)")
            }
            let entropy = try #require(record.value("entropy"))
            for beta in ["1", "4"] {
                for name in ["mmd", "exponentialMMD", "wasserstein"] { _ = try value(name, beta) }
                #expect(try abs(value("nll", beta) - entropy - value("kl", beta)) < 1e-9)
                #expect(try value("kl", beta) > 0.1)
            }
            // An untrained energy is flat, so its likelihood is that of coin flips.
            #expect(try abs(value("nll", "1") - 16 * log(2)) < 0.5)
        }
    }

    /// A flat energy has ratios of 1: each of d flips adds 1 to the loss, or ¼ where the function is σ(Δ)², and is
    /// drawn once in d times.
    @Test func theLossByAllFlipsIsTheMethodsOwn() throws {
        try withFolder { folder in
            let records = try run(
                plan(
                    folder,
                    set: [
                        "dimensions=[32, 1024]", "methods=[rmwggis-basic, rmwggis-bounded]", "iterations=2",
                        "evaluateEvery=0",
                    ]))
            for (record, (d, each)) in zip(records, [(32, 1.0), (32, 0.25), (1024, 1), (1024, 0.25)]) {
                let measured = try #require(record.measurements.first { $0.metric == "exactLoss" })
                let (loss, error) = (measured.value, try #require(measured.error))
                #expect(abs(loss / (Double(d) * each) - 1) < 0.1, "\(record.cell.id): \(loss)")
                #expect(error > 0 && error < 0.05 * loss)
                #expect(abs(record.value("rareShare")! - (d > 1000 ? 1 : 0)) < 0.2, "\(record.cell.id)")
            }
        }
    }

    /// The table has seeds as mean ± standard deviation; the sheets a picture for each method and set; the charts a line a
    /// method.
    @Test func theRunsTablesAndPicturesAreMadeOfTheCellsThatAreThere() throws {
        try withFolder { folder in
            let plan = try plan(
                folder,
                set: [
                    "datasets=[2spirals, moons]", "methods=[rm, rmwggis-basic]", "seeds=2", "inverseTemperatures=[1]",
                    "otherReadOutSweeps=[2, 6]",
                ])
            try run(plan)
            // moons by rmwggis-basic has not run: its place on the sheet is empty.
            for name in plan.cells.suffix(2).map({ "cells/\($0.id)" }) + ["measurements.csv"] {
                try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
            }
            try FileManager.default.removeItem(at: plan.folder.pictures)
            let tables = try plan.assemble(quiet)
            #expect(try plan.missingNote() == "2 of 8 cells have not run: --cells 7-8")
            #expect(
                tables.map(\.file.lastPathComponent) == [
                    "summary.md", "scores.md", "losses.md", "read-outs.md", "likelihoods.md", "differences-32.md",
                    "sweeps.md",
                ])

            let losses = try plan.records().prefix(2).map { try #require($0.value("loss")) }
            let deviation = abs(losses[0] - losses[1]) / 2.0.squareRoot()
            let row = try #require(tables[2].table.rows.first)
            #expect(row[..<2] == ["2spirals", "rm"])
            #expect(row[2] == String(format: "%.3f ± %.3f", (losses[0] + losses[1]) / 2, deviation))

            func script(_ name: String) throws -> String {
                try String(contentsOf: plan.folder.pictures.appendingPathComponent(name), encoding: .utf8)
            }
            let sheet = try script("heat-maps-32.gp")
            #expect(sheet.components(separatedBy: "heatmap.png").count - 1 == 3 && sheet.contains("'rmwggis-basic'"))
            func lines(_ name: String) throws -> [[String]] {
                try script(name).split(separator: "\n").filter { !$0.hasPrefix("#") }
                    .map { $0.split(separator: "\t").map(String.init) }
            }
            let curve = try lines("wasserstein-2spirals-32.tsv").filter { $0[4].hasPrefix("rm") }
            let logged = try plan.cells.prefix(2).map { try plan.folder.cell($0.id).logged("wasserstein").map(\.value) }
            #expect(curve.map { $0[4] } == ["rm", "rm", "rmwggis-basic", "rmwggis-basic"])
            #expect(curve.map { $0[0] } == ["6.0", "12.0", "6.0", "12.0"])
            #expect(abs(Double(curve[1][1])! - (logged[0][1] + logged[1][1]) / 2) < 1e-12)
            #expect(Double(curve[1][2])! == min(logged[0][1], logged[1][1]))
            let sweeps = try lines("sweeps-beta1-moons-32.tsv")
            #expect(sweeps.map { $0[0] } == ["2.0", "6.0"] && sweeps[0][4] == "rm")
        }
    }

    @Test func whatIsDeclaredCanBeRead() throws { try validateDeclarations(of: RMwGGISSynthetic()) }

    @Test func theReleasedVariantHasTheReleasedMethodsOnly() throws {
        let nowhere = URL(fileURLWithPath: "/nonexistent")
        let methods = "methods=[rmwggis-basic, rmwggis-power-half, rmwggis-bounded]"
        let all = try plan(nowhere, set: ["variants=[released]", methods])
        #expect(all.cells.map { $0.labels["method"] } == ["rmwggis-basic"])
        let few = try plan(
            nowhere, set: ["variants=[paper, released]", "methods=[rm, rmwrand]", "releasedMethods=[rmwrand]"])
        #expect(
            few.cells.map(\.id) == [
                "2spirals-32-paper-rm-seed1023", "2spirals-32-paper-rmwrand-seed1023",
                "2spirals-32-released-rmwrand-seed1023",
            ])
    }

    @Test func aRunThatLeavesTheFiniteNumbersIsRecordedAsDiverged() throws {
        try withFolder { folder in
            let records = try run(plan(folder, set: ["learningRate=1e30", "methods=[rmwggis-basic]"]))
            guard case .diverged(let quantity, let iteration) = records[0].status else {
                Issue.record("\(records[0].status)")
                return
            }
            #expect(["loss", "gradient", "proposal"].contains(quantity) && 2...14 ~= iteration)
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.appendingPathComponent("cells/\(records[0].cell.id)/measurements.csv").path))
        }
    }

    @Test func settingsThatCannotBeAreNamed() throws {
        for (override, expected) in [
            ("flips=0", "configuration: flips is 0, expected a whole number from 1"),
            ("batchSize=0", "configuration: batchSize is 0, expected a whole number from 1"),
            ("batchSize=21", "configuration: batchSize is 21, expected a number that 2spirals can give"),
            ("dimensions=[31]", "configuration: dimensions is 31, expected even numbers from 4 to 2048"),
            ("dimensions=[32, 2050]", "configuration: dimensions is 2050, expected even numbers from 4 to 2048"),
            ("learningRate=-0.1", "configuration: learningRate is -0.1, expected a positive number"),
            ("learningRate=.nan", "configuration: learningRate is nan, expected a positive number"),
            ("weightDecay=-1", "configuration: weightDecay is -1.0, expected a number from 0"),
            ("gradientClip=0", "configuration: gradientClip is 0.0, expected a positive number"),
            ("datasets=[3spirals]", "unknown datasets '3spirals'; the nearest is '2spirals'"),
            ("datasets=[]", "configuration: datasets is [], expected a list of different names, at least one"),
            ("methods=[rmwgis-basic]", "the nearest is 'rmwggis-basic'"),
            ("batchsize=64", "unknown key 'batchsize' in --set; the nearest is 'batchSize'"),
            ("iterations=many", "--set: iterations is 'many', expected a whole number"),
            (
                "releasedMethods=[rmwggis-bounded]",
                "configuration: releasedMethods is [rmwggis-bounded], expected a list of different methods that the released code has, at least one"
            ),
            (
                "otherReadOutSweeps=[40, 6]",
                "expected a list of different whole numbers from 2 to 1048576 without 40, which is readOutSweeps"
            ),
            ("seeds=0", "configuration: seeds is 0, expected a whole number from 1"),
        ] {
            let message = try refusal(RMwGGISSynthetic(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
        #expect(throws: ConfigurationError.self, "distinct flips are at most d") {
            try plan(URL(fileURLWithPath: "/nonexistent"), set: ["flips=33", "variants=[released]"])
        }
        #expect(throws: Never.self, "independent flips may be more than d") {
            try plan(URL(fileURLWithPath: "/nonexistent"), set: ["flips=33"])
        }
    }

    @Test func theProfilesAreValidAndThePaperHasAllSets() throws {
        for (profile, count) in [("smoke", 4), ("quick", 4), ("study", 84), ("sets", 70), ("sweeps", 2), ("paper", 35)]
        {
            let plan = try Plan(RMwGGISSynthetic(), RunRequest(profile: profile, threads: 2))
            #expect(plan.cells.count == count)
        }
    }
}
