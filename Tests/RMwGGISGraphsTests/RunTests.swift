import Datasets
import Experiments
import Figures
import Foundation
import Metrics
import RMwGGISGraphs
import RunSupport
import Testing
import Torch

private func plan(_ output: URL, set overrides: [String] = [], resume: Bool = false) throws -> Plan<RMwGGISGraphs> {
    try smokePlan(RMwGGISGraphs(), output, set: overrides, resume: resume, threads: 1)
}

// One after the other: the thread count is the process's.
@Suite(.serialized) struct RunTests {
    private static let everyMethod =
        "methods=[rm, rmwrand, rmwggis-basic, rmwggis-advanced, rm-power-half, rmwggis-power-half, rm-bounded, "
        + "rmwggis-bounded, pseudo-likelihood, pcd-gwg]"
    private static let small = [
        "iterations=4", "evaluateEvery=2", "samples=40", "sweeps=4", "exactNodes=4", "populationIterations=4",
        "pcdChains=4", "pcdSteps=2",
    ]

    @Test func everyCellHasFiniteNumbersARowAndItsPictures() throws {
        try withFolder { folder in
            let plan = try plan(
                folder,
                set: Self.small + [Self.everyMethod, "otherSweeps=[2]", "otherStarts=[empty, complete, training]"])
            let records = try run(plan)
            #expect(records.count == 5 + 10 + 3)
            for record in records {
                #expect(record.status == .finished, "\(record.cell.id)")
                guard record.cell.labels["part"] == "learning" else { continue }
                for readOut in [
                    ["readOut": "own"], ["beta": "1"], ["beta": "4"], ["of": "training"], ["of": "ego-ER"],
                    ["readOut": "own", "samples": "40"], ["readOut": "own", "estimate": "unbiased"],
                    ["readOut": "own", "sweeps": "2"], ["readOut": "own", "start": "complete"],
                ] { #expect(record.value("averageMMD", at: readOut) != nil, "\(record.cell.id), \(readOut)") }
                let nll = try #require(record.value("nll", at: ["readOut": "own"]))
                #expect(nll > 0 && record.value("egoShare", at: ["of": "test"]) == 1)
            }
            let cell = plan.folder.cell("learning-ego-small-given-rm-seed1").url
            for name in ["training", "samples", "samplesAtOne", "ER", "stars", "ego-ER"] {
                let picture = try Image(png: cell.appendingPathComponent("\(name).png"))
                #expect((picture.width, picture.height) == (4 * 65 + 1, 4 * 65 + 1) && picture.channels == 3)
            }
            for name in ["samples-ego-small-given", "nll-ego-small-given", "degrees-ego-small-given", "controls"] {
                let url = plan.folder.pictures.appendingPathComponent("\(name).png")
                #expect(FileManager.default.fileExists(atPath: url.path), "\(name)")
            }
            let measurements = Measurements(records.flatMap(\.measurements))
            // Times are no measurements: the table of cost has them from timing.csv.
            for declaration in plan.shows.tables where declaration.name != "cost" {
                let table = try declaration.table(measurements, plan.shows.vocabulary, place: "test")
                #expect(!table.rows.isEmpty, "\(declaration.name)")
            }
        }
    }

    @Test func everythingThatIsDeclaredCanBeRead() throws { try validateDeclarations(of: RMwGGISGraphs()) }

    @Test func aRunIsTheSameBytesTwiceAndAfterInterruptions() throws {
        let overrides =
            Self.small + [
                "iterations=5", "methods=[rmwggis-basic, pcd-gwg]", "populationMethods=[rm]", "costMethods=[rmwrand]",
                "nodes=[given, padded]",
            ]
        let (_, attempts, comparison) = try compareWithInterrupted(every: 3) {
            try plan($0, set: overrides, resume: $1)
        }
        #expect(attempts > 6)
        #expect(comparison.identical, "\(comparison.differences.markdown)")
    }

    /// Section 0.3 of ratio matching on graphs, from the expectation over 34 classes: squared ratios learn the fourth root,
    /// the consistent forms p itself, the advanced form no exact power. After 600 updates the network's fit is not yet
    /// exact: slopes to 2 %, divergences below 0.01 nats where the truth has 0.37 from a random graph.
    @Test func thePowerThatIsLearntIsTheFormulas() throws {
        try withFolder { folder in
            let records = try run(plan(folder, set: ["data=[]", "costNodes=[]", "inverseTemperatures=[1, 4]"]))
            #expect(records.count == 5)
            for record in records {
                let method = try #require(record.cell.labels["method"])
                let slope = try #require(record.value("slope"))
                let (one, four) = (
                    try #require(record.value("kl", at: ["beta": "1"])),
                    try #require(record.value("kl", at: ["beta": "4"]))
                )
                switch method {
                case "rm": #expect(abs(4 * slope - 1) < 0.02 && one > 0.5 && four < 0.01, "\(slope), \(one), \(four)")
                case "rmwggis-advanced": #expect(0.13 < slope && slope < 0.2 && one > 0.5)
                default: #expect(abs(slope - 1) < 0.02 && one < 0.01, "\(method): \(slope), \(one)")
                }
                let er = try #require(record.value("kl", at: ["of": "ER"]))
                let entropy = try #require(record.value("entropy"))
                #expect(abs(er - 0.36611) < 1e-5 && abs(entropy - 2.79602) < 1e-5)
            }
        }
    }

    /// Likelihoods of what knows the training graphs by a few numbers, by an independent program: 0.001.
    @Test func controlsHaveTheirExactLikelihoods() throws {
        try withFolder { folder in
            let records = try run(
                plan(
                    folder,
                    set: Self.small + ["exactNodes=7", "methods=[rm]", "populationNodes=[]", "costNodes=[]"]))
            for (name, training, test) in [
                ("ER", 4.197, 5.010), ("frequencies", 1.753, 2.367), ("ego-ER", 1.951, 2.149),
            ] {
                let found = (
                    try #require(records[0].value("trainingNLL", at: ["of": name])),
                    try #require(records[0].value("nll", at: ["of": name]))
                )
                #expect(abs(found.0 - training) < 0.001 && abs(found.1 - test) < 0.001, "\(name): \(found)")
            }
        }
    }

    @Test func settingsThatCannotBeAreNamed() throws {
        for (override, expected) in [
            ("data=[ego-large]", "data is ego-large, expected ego-small, community-small, community-small-unseeded"),
            ("methods=[rms]", "the nearest is 'rm'"),
            ("populationMethods=[rmwggis-basic]", "methods whose expectation is not that of another"),
            ("populationWeights=[1, 2]", "three numbers from -100 to 100"),
            ("populationNodes=[9]", "populationNodes"),
            ("nodes=[]", "at least one"),
            ("normalization=mean", "normalization"),
            ("samples=39", "samples is 39, expected a whole number from 40"),
            ("startDensity=1.5", "startDensity is 1.5, expected a share from 0 to 1"),
            ("exactNodes=9", "exactNodes is 9, expected a whole number from 1 to 8"),
            ("costNodes=[65]", "costNodes"),
            ("learningRate=nan", "learningRate"),
            ("otherStarts=[coins]", "otherStarts"),
        ] {
            let message = try refusal(RMwGGISGraphs(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }

    @Test func paddingBelowTheLargestGraphIsNamed() throws {
        var request = RunRequest(profile: "smoke", threads: 1)
        request.overrides = try ["nodes=[padded]", "paddedNodes=16"].map { try Override($0) }
        let error = #expect(throws: ConfigurationError.self) { try Plan(RMwGGISGraphs(), request) }
        #expect(error?.description.contains("paddedNodes is 16, expected 17 or more") == true)
    }

    /// A file of graphs of one size, which is a set as any other; and files that are none.
    @Test func filesOfGraphsAreLearnt() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            func file(_ name: String, _ graphs: [SimpleGraph]) throws -> String {
                let url = folder.appendingPathComponent(name)
                try Data(GraphFile.text(of: graphs).utf8).write(to: url)
                return url.path
            }
            let stars = try file("stars.txt", (0..<20).map { _ in try .star(5) })
            let overrides = Self.small + ["methods=[rm]", "populationNodes=[]", "costNodes=[]", "exactNodes=5"]
            let records = try run(plan(folder.appendingPathComponent("run"), set: overrides + ["data=['\(stars)']"]))
            #expect(records.count == 1 && records[0].status == .finished)
            #expect(records[0].value("extraEdges", at: ["of": "test"]) == 0)
            for (graphs, expected) in [
                ([SimpleGraph](), "holds no graph"), ([try .star(5)], "has 1 graphs, expected 10 or more"),
                ((0..<10).map { _ in try! SimpleGraph.star(1) }, "graph 0 has one node, expected two or more"),
            ] {
                let path = try file("bad.txt", graphs)
                let plan = try plan(folder.appendingPathComponent(expected), set: overrides + ["data=['\(path)']"])
                let error = #expect(throws: RunError.self) { try run(plan) }
                #expect(error?.message.contains("bad.txt: \(expected)") == true, "\(String(describing: error))")
            }
        }
    }

    @Test func aRunThatLeavesTheFiniteNumbersIsRecordedAsDiverged() throws {
        try withFolder { folder in
            let records = try run(
                plan(
                    folder,
                    set: Self.small + [
                        "learningRate=1e20", "methods=[rm, rmwggis-basic, pcd-gwg]", "populationNodes=[]",
                        "costNodes=[]",
                    ]))
            for record in records {
                guard case .diverged = record.status else {
                    Issue.record("\(record.cell.id): \(record.status)")
                    continue
                }
            }
        }
    }

    @Test func theProfilesAreValid() throws {
        for (profile, count) in [
            ("smoke", 5 + 3 + 3), ("quick", 5 + 7 + 12), ("study", 3 * (10 + 60 + 12)), ("paper", 5 + 4 + 12),
        ] {
            let plan = try Plan(RMwGGISGraphs(), RunRequest(profile: profile, threads: 1))
            #expect(plan.cells.count == count, "\(profile): \(plan.cells.count)")
        }
    }
}
