import Experiments
import Figures
import Foundation
import HDF5
import NoisyQuadratic
import Testing
import Torch

@Suite final class RunTests {
    /// A folder of its own for each test: the suite is made anew for each.
    let folder: URL

    init() throws { folder = try temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: folder) }

    @Test func aCellGivesTheSameBytesAloneAmongOthersAndAfterInterruptions() throws {
        let whole = folder.appendingPathComponent("whole")
        try run(request(whole))
        #expect(try identity(whole).count == 4 * 4 + 2)

        // One at a time and backwards, in one folder.
        let alone = folder.appendingPathComponent("alone")
        for index in [4, 2, 1, 3] { try run(request(alone) { $0.selection = try CellSelection("\(index)") }) }
        #expect(try identity(alone) == identity(whole))

        // Stopped every seven questions until it is done, with a checkpoint an iteration or at interruptions alone.
        for interval in [0, 1e9] {
            let stopped = folder.appendingPathComponent("stopped-\(interval)")
            var stops = 0
            while true {
                do {
                    try run(
                        request(stopped) {
                            $0.resume = true
                            $0.checkpointInterval = interval
                        }, interruption: Countdown(7).signal)
                    break
                } catch is Interrupted { stops += 1 }
            }
            #expect(stops >= 20)
            #expect(try identity(stopped) == identity(whole))
            #expect(try Comparison(RunFolder(whole), RunFolder(stopped)).identical)
        }
    }

    /// A kill leaves lines that no checkpoint covers, and half a line.
    @Test func linesBeyondTheCheckpointAreCutBackOnResume() throws {
        let (whole, killed) = (folder.appendingPathComponent("whole"), folder.appendingPathComponent("killed"))
        try run(request(whole) { $0.selection = try CellSelection("1") })
        let part = try request(killed) {
            $0.selection = try CellSelection("1")
            $0.resume = true
        }
        #expect(throws: Interrupted.self) { try run(part, interruption: Countdown(20).signal) }
        let log = RunFolder(killed).cell("plain-1-seed1").metrics
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        try handle.write(
            contentsOf: Data("{\"cell\":\"plain-1-seed1\",\"iteration\":21,\"loss\":9.9}\n{\"cell\":\"pl".utf8))
        try handle.close()
        try run(part)
        #expect(try identity(killed) == identity(whole))
    }

    /// A limit on the size of a file, in a child, stands for a full disk: the checkpoint of iteration 20 stays as it
    /// was, with no part of another beside it, and the run goes on from it to the same bytes.
    @Test func aFullDiskLeavesTheEarlierCheckpoint() async throws {
        let (whole, stopped) = (folder.appendingPathComponent("whole"), folder.appendingPathComponent("stopped"))
        try run(request(whole) { $0.selection = try CellSelection("1") })
        let part = try request(stopped) {
            $0.selection = try CellSelection("1")
            $0.resume = true
        }
        #expect(throws: Interrupted.self) { try run(part, interruption: Countdown(20).signal) }
        let files = RunFolder(stopped).cell("plain-1-seed1")
        let before = try Data(contentsOf: files.checkpoint)
        let log = try Data(contentsOf: files.metrics).count
        #expect(before.count > 2 * log + 1000, "the limit below meets the checkpoint, not the log")
        await #expect(processExitsWith: .success) { [path = stopped.path as String, bytes = before.count as Int] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: rlim_t(bytes - 1), rlim_max: rlim_t(bytes - 1))
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let part = try request(URL(fileURLWithPath: path)) {
                $0.selection = try CellSelection("1")
                $0.resume = true
                $0.checkpointInterval = 0
            }
            let message = fault { try run(part) }
            let expected =
                "\(RunFolder(URL(fileURLWithPath: path)).cell("plain-1-seed1").checkpoint.path): cannot be written: File too large"
            guard message == expected else { fatalError(message) }
        }
        #expect(try Data(contentsOf: files.checkpoint) == before)
        let names = try FileManager.default.contentsOfDirectory(atPath: files.url.path)
        #expect(!names.contains { $0.hasPrefix(".partial-") }, "\(names)")
        try run(part)
        #expect(try identity(stopped) == identity(whole))
    }

    @Test func theRunsLogIsTheCellsInOrderAndItsNumbersReadBackTheSame() throws {
        try run(request(folder) { $0.selection = try CellSelection("2,3") })
        let lines = try String(contentsOf: RunFolder(folder).metrics, encoding: .utf8).split(separator: "\n")
        let cells = try lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(cells.count == 2 * 14)
        #expect(cells.prefix(14).allSatisfy { $0["cell"] as? String == "plain-2.5-seed1" })
        #expect(cells.suffix(14).allSatisfy { $0["cell"] as? String == "momentum-1-seed1" })
        #expect(cells.prefix(13).map { $0["iteration"] as? Int } == Array(stride(from: 3, through: 39, by: 3)))
        // The last line's value is the measured one, which went through another writer.
        let record = try Plan(NoisyQuadratic(), request(folder)).records()[1]
        #expect(record.value("evaluated") == cells[13]["evaluated"] as? Double)
    }

    @Test func aDivergedCellIsAResultWithItsRecordKept() throws {
        let fast = try request(folder) {
            $0.overrides = [try Override("learningRate=3"), try Override("iterations=2000")]
        }
        let table = try run(fast)
        #expect(table.rows[1][2] == "diverged", "\(table.rows)")
        let record = try Plan(NoisyQuadratic(), fast).records()[1]
        guard case .diverged("loss", let iteration) = record.status else {
            Issue.record("\(record.status)")
            return
        }
        let rows = try String(contentsOf: RunFolder(folder).measurements, encoding: .utf8).split(separator: "\n")
        #expect(rows.contains("plain,2.5,1,divergedAt,\(iteration).0,,diverged: loss"), "\(rows)")
        // The loss grows by (1 − 3·2.5)² = 42.25 an iteration, up to 1.8e308: ln(1.8e308)/ln(42.25) = 189.6.
        #expect((185...195).contains(iteration))
        let log = try String(contentsOf: RunFolder(folder).cell("plain-2.5-seed1").metrics, encoding: .utf8)
        #expect(log.split(separator: "\n").count == (iteration - 1) / 3)

        let before = try snapshot(folder)
        try run(
            request(folder) {
                $0.overrides = fast.overrides
                $0.resume = true
            })
        #expect(try snapshot(folder) == before)  // it is not run again
    }

    @Test func timesCountIterationsOverInterruptionsAndLeaveOutUntimedWork() throws {
        let slow = try request(folder) {
            $0.selection = try CellSelection("1")
            $0.resume = true
        }
        var replication = NoisyQuadratic()
        replication.delay = 0.02
        #expect(throws: Interrupted.self) { try run(slow, replication, interruption: Countdown(20).signal) }
        try run(slow, replication)
        let timing = try #require(try Plan(NoisyQuadratic(), slow).records()[0].timing)
        #expect(timing.iterations == 40)
        #expect(timing.wallSeconds >= 40 * 0.02)  // what slept
        // What computed: microseconds, on a loaded machine far below half.
        #expect(timing.iterationSeconds < 0.5 * 40 * 0.02)
        #expect(timing.peakMemory > 1_000_000)
    }

    @Test func theMedianTimeOfAnIterationIgnoresOneThatWasDisturbed() throws {
        var replication = NoisyQuadratic()
        replication.disturbance = 0.4
        let plain = try request(folder) { $0.selection = try CellSelection("1") }
        try run(plain, replication)
        let timing = try #require(try Plan(NoisyQuadratic(), plain).records()[0].timing)
        // 40 iterations of microseconds each, one of 0.4 s more.
        #expect(try #require(timing.secondsPerIteration) >= 0.01)
        #expect(try (0..<0.005).contains(#require(timing.medianSecondsPerIteration)))
    }

    /// As in a checkout of a run whose logs are not kept.
    @Test func goingOnWithoutTheLogsOfFinishedCellsKeepsWhatWasMadeFromThem() throws {
        try run(request(folder) { $0.selection = try CellSelection("1-2") })
        let (files, before) = (RunFolder(folder), try snapshot(folder))
        for name in ["metrics.jsonl", "cells/plain-1-seed1/metrics.jsonl"] {
            try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
        let chart = files.pictures.appendingPathComponent("loss.png")
        try Data("kept".utf8).write(to: chart)
        let rest = request(folder) { $0.resume = true }
        let table = try run(rest)
        #expect(table.rows.count == 4 && !table.rows.joined().contains("–"))
        #expect(try Data(contentsOf: chart) == Data("kept".utf8))
        #expect(!FileManager.default.fileExists(atPath: files.metrics.path))

        // With the log back, both are made anew, from all four.
        try #require(before["cells/plain-1-seed1/metrics.jsonl"]).write(to: files.cell("plain-1-seed1").metrics)
        try run(rest)
        #expect(try Data(contentsOf: files.metrics).count > #require(before["metrics.jsonl"]).count)
        #expect(try Data(contentsOf: chart) != Data("kept".utf8))
    }

    /// As in a fresh clone of a run that is kept: its own files are there, its cells' are not.
    @Test func aRunGoesOnFromItsMeasurements() throws {
        try run(request(folder))
        let (files, whole) = (RunFolder(folder), try snapshot(folder))
        try FileManager.default.removeItem(at: files.cells)
        try run(request(folder) { $0.resume = true })
        let after = try snapshot(folder)
        for name in ["measurements.csv", "timing.csv", "metrics.jsonl", "tables/losses.md"] {
            #expect(after[name] == whole[name], "\(name)")
        }
        // A sheet that lacks its cells' pictures is not made anew.
        #expect(after["pictures/points.png"] == whole["pictures/points.png"])

        // A cell whose rows are not there runs again, to the same bytes.
        let text = try String(contentsOf: files.measurements, encoding: .utf8).split(separator: "\n")
        let without = text.filter { !$0.hasPrefix("momentum,1,") }.map { $0 + "\n" }.joined()
        try without.write(to: files.measurements, atomically: false, encoding: .utf8)
        try run(request(folder) { $0.resume = true })
        let again = try snapshot(folder)
        #expect(
            again["measurements.csv"] == whole["measurements.csv"] && again["metrics.jsonl"] == whole["metrics.jsonl"])
        #expect(
            again.keys.filter { $0.hasPrefix("cells/") && $0.hasSuffix(".csv") } == [
                "cells/momentum-1-seed1/measurements.csv"
            ])
    }

    @Test func measurementsThatAreNotTheRunsAreNamed() throws {
        try run(request(folder) { $0.selection = try CellSelection("1") })
        let files = RunFolder(folder)
        let whole = try String(contentsOf: files.measurements, encoding: .utf8)
        func refusal(_ text: String, at url: URL) throws -> String {
            try text.write(to: url, atomically: false, encoding: .utf8)
            let before = try snapshot(folder)
            let message = fault { try run(request(folder) { $0.resume = true }) }
            #expect(try snapshot(folder) == before)
            return message
        }
        let foreign = whole.replacingOccurrences(of: "plain,1,", with: "plain,7,")
        #expect(
            try refusal(foreign, at: files.measurements)
                == "\(files.measurements.path): is not of this run alone: it has a cell that the run has not: method: plain, curvature: 7, seed 1"
        )
        #expect(try refusal(String(whole.dropLast(3)), at: files.measurements).contains("is cut short"))
        try whole.write(to: files.measurements, atomically: false, encoding: .utf8)
        let cell = files.cell("plain-1-seed1").measurements
        #expect(
            try refusal(foreign, at: cell) == "\(cell.path): is of another cell: method: plain, curvature: 7, seed 1")
        try whole.write(to: cell, atomically: false, encoding: .utf8)
        let times = try String(contentsOf: files.timing, encoding: .utf8)
        #expect(
            try refusal(times.replacingOccurrences(of: ",40,", with: ",-40,"), at: files.timing)
                == "\(files.timing.path), line 2: iterations is '-40', expected a number from 0")
        // A run of the form before this one.
        try times.write(to: files.timing, atomically: false, encoding: .utf8)
        let record = try String(contentsOf: files.record, encoding: .utf8)
        let old = record.replacingOccurrences(of: "\"format\" : 2", with: "\"format\" : 1")
        #expect(
            try refusal(old, at: files.record).hasPrefix(
                "\(folder.path): is a run of the form 1, this program reads and writes form 2\n"))
    }

    /// Each damage with what is said of it; nothing of the run is written, and its pictures stay.
    @Test func whatIsDamagedIsNamedBeforeAnythingIsWritten() throws {
        let whole = folder.appendingPathComponent("whole")
        try run(request(whole))
        func refusal(_ name: String, _ damage: (RunFolder) throws -> Void) throws -> String {
            let copy = RunFolder(folder.appendingPathComponent(name))
            try FileManager.default.copyItem(at: whole, to: copy.url)
            try damage(copy)
            let before = try snapshot(copy.url)
            let text = fault { try Plan(NoisyQuadratic(), of: copy).assemble(quiet) }
            #expect(try snapshot(copy.url) == before, "\(name)")
            return text.replacingOccurrences(of: copy.url.path + "/", with: "")
        }
        func edit(_ file: URL, _ change: (String) -> String) throws {
            try change(String(contentsOf: file, encoding: .utf8)).write(to: file, atomically: false, encoding: .utf8)
        }
        let cell = "plain-1-seed1"
        #expect(
            try refusal("cut log") { try edit($0.cell(cell).metrics) { String($0.dropLast(3)) } }
                == "cells/plain-1-seed1/metrics.jsonl: is cut short: its last line does not end")
        #expect(
            try refusal("other log") {
                try edit($0.cell(cell).metrics) { $0.replacingOccurrences(of: cell, with: "plain-2.5-seed1") }
            } == "cells/plain-1-seed1/metrics.jsonl: has a line of another cell, plain-2.5-seed1")
        #expect(
            try refusal("foreign log") {
                try FileManager.default.removeItem(at: $0.cells)
                try edit($0.metrics) { $0 + "{\"cell\":\"x\",\"iteration\":1}\n" }
            } == "metrics.jsonl: has a line of a cell that this run has not, x")
        #expect(
            try refusal("times") {
                try edit($0.cell(cell).timing) {
                    $0.replacingOccurrences(of: "wallSeconds\" : ", with: "wallSeconds\" : -")
                }
            } == "cells/plain-1-seed1/timing.json: is damaged: it holds times or counts that cannot be")
        #expect(
            try refusal("foreign times") {
                try FileManager.default.removeItem(at: $0.cells)
                try edit($0.timing) { $0.replacingOccurrences(of: "plain,1,1,", with: "plain,9,1,") }
            }.hasPrefix(
                "timing.csv: is not of this run alone: it has a cell that the run has not: method: plain, curvature: 9")
        )
        #expect(
            try refusal("two accounts") {
                try edit($0.measurements) { $0.replacingOccurrences(of: "plain,1,1,loss,", with: "plain,1,1,loss,1") }
            }
            .hasPrefix("cells/plain-1-seed1/measurements.csv: differs from what"))
        #expect(
            try refusal("diverged far") {
                try edit($0.cell(cell).measurements) { _ in
                    "method,curvature,seed,metric,value,error,status\nplain,1,1,divergedAt,1e300,,diverged: loss\n"
                }
            }
                == "cells/plain-1-seed1/measurements.csv, line 2: divergedAt is 1e+300, expected the number of an iteration"
        )
        #expect(
            try refusal("status") {
                try edit($0.measurements) { $0.replacingOccurrences(of: ",finished", with: ",done") }
            }
                == "measurements.csv, line 2: status is 'done', expected 'finished', or 'diverged: …' of divergedAt")
        #expect(
            try refusal("mark") { try edit($0.measurements) { "\u{feff}" + $0 } }.hasPrefix(
                "measurements.csv: begins with a byte order mark"))
        #expect(
            try refusal("metric") {
                try FileManager.default.removeItem(at: $0.cells)
                try edit($0.measurements) { $0.replacingOccurrences(of: ",evaluated,", with: ",valuated,") }
            }.hasPrefix("unknown metric 'valuated' in "))
        let pipe = try refusal("pipe") { copy in
            let picture = copy.cell(cell).url.appendingPathComponent("x.png")
            try FileManager.default.removeItem(at: picture)
            mkfifo(picture.path, 0o600)
        }
        #expect(pipe == "cells/plain-1-seed1/x.png: is no plain file, expected one in a run folder")
    }

    /// In a child, whose PATH leads nowhere: what was drawn before stays.
    @Test func picturesStayWhereTheyCannotBeDrawn() async throws {
        try run(request(folder))
        let before = try snapshot(RunFolder(folder).pictures)
        #expect(before.keys.filter { $0.hasSuffix(".png") }.sorted() == ["loss.png", "points.png"])
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            setenv("PATH", "/nonexistent", 1)
            try Plan(NoisyQuadratic(), of: RunFolder(URL(fileURLWithPath: path))).assemble(quiet)
        }
        #expect(try snapshot(RunFolder(folder).pictures) == before)
    }

    @Test func whatIsMeasuredMustBeDeclaredFiniteAndOnce() throws {
        for (metric, value, twice, expected) in [
            ("mmd", 1.0, false, "unknown metric 'mmd' in noisy-quadratic/metrics.yaml"),
            ("x0", 1.0, true, "plain-1-seed1: x0 is measured twice at one read-out"),
        ] {
            var replication = NoisyQuadratic()
            replication.extra = [metric: value]
            replication.measuresTwice = twice
            let output = folder.appendingPathComponent(metric)
            let message = fault { try run(request(output) { $0.selection = try CellSelection("1") }, replication) }
            #expect(message.hasPrefix(expected), "\(message)")
        }
        var replication = NoisyQuadratic()
        replication.extra = ["x0": .nan]
        let plan = try request(folder.appendingPathComponent("nan")) { $0.selection = try CellSelection("1") }
        try run(plan, replication)
        #expect(try Plan(replication, plan).records()[0].status == .diverged(quantity: "x0", iteration: 40))
    }

    @Test func whatHasRunIsNotOverwritten() throws {
        let first = try request(folder) { $0.selection = try CellSelection("2") }
        try run(first)
        let before = try snapshot(folder)
        #expect(fault { try run(first) }.contains("cell 2 (plain-2.5-seed1) has already run\n  --resume"))
        #expect(fault { try run(request(folder)) }.contains("cell 2 (plain-2.5-seed1) has already run"))
        #expect(try snapshot(folder) == before)
    }

    @Test func whatWasBegunIsNotOverwritten() throws {
        #expect(throws: Interrupted.self) {
            try run(request(folder) { $0.selection = try CellSelection("3") }, interruption: Countdown(9).signal)
        }
        let before = try snapshot(folder)
        let begun = fault { try run(request(folder) { $0.selection = try CellSelection("3-4") }) }
        #expect(begun.contains("cell 3 (momentum-1-seed1) was begun\n  --resume"))
        #expect(try snapshot(folder) == before)
    }

    @Test func theOptionsThatGoOnWithARunAreNamedAndItsThreadsAreTakenWhereNoneAreAskedFor() throws {
        try run(
            request(folder) {
                $0.selection = try CellSelection("1")
                $0.threads = 3
            })
        let text = fault {
            try run(
                request(folder) {
                    $0.resume = true
                    $0.threads = 8
                    $0.jobs = 2
                    $0.seed = 7
                    $0.overrides = [try Override("curvatures=[2]")]
                })
        }
        #expect(
            text.hasSuffix(
                "\n  go on with it by --seed 1 --threads 6 --set 'curvatures=[1, 2.5]', or give another --output"),
            "\(text)")
        let plan = try Plan(
            NoisyQuadratic(),
            request(folder) {
                $0.threads = nil
                $0.jobs = 2
            })
        #expect(plan.threadsPerCell == 3)
        try run(
            request(folder) {
                $0.resume = true
                $0.threads = nil
            })
    }

    @Test func aFolderOfOtherFilesIsLeftAsItIs() throws {
        let note = folder.appendingPathComponent("table.md")
        try Data("mine".utf8).write(to: note)
        let text = fault { try run(request(folder)) }
        #expect(
            text
                == "\(folder.path): is not empty and no run folder: it holds table.md and no run.json\n  give --output a new or an empty folder"
        )
        #expect(try snapshot(folder) == ["table.md": Data("mine".utf8)])
        // What a process leaves that was killed before it wrote its record is no such file.
        try FileManager.default.removeItem(at: note)
        for name in [".lock", ".partial-1-run.json"] { try Data().write(to: folder.appendingPathComponent(name)) }
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("cells"), withIntermediateDirectories: false)
        try run(request(folder) { $0.selection = try CellSelection("1") })
    }

    @Test func aRefusedRunMakesNoFolders() throws {
        try run(request(folder) { $0.selection = try CellSelection("2") })
        let folders = { try FileManager.default.contentsOfDirectory(atPath: RunFolder(self.folder).cells.path) }
        for change in [{ _ in }, { $0.seed = 3 }, { $0.overrides = [try Override("dimension=5")] }]
            as [(inout RunRequest) throws -> Void]
        {
            let text = fault { try run(request(folder, change)) }
            #expect(text != "none")
            #expect(try folders() == ["plain-2.5-seed1"])
        }
    }

    /// A run folder from somebody else may hold links: what they point to is not written.
    @Test func linksWithinARunFolderAreRefusedAndWhatTheyPointToIsKept() throws {
        let precious = folder.appendingPathComponent("precious"), outside = folder.appendingPathComponent("outside")
        try Data("precious".utf8).write(to: precious)
        try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: false)
        func output(_ name: String) throws -> RunFolder {
            let output = RunFolder(folder.appendingPathComponent(name))
            try FileManager.default.createDirectory(
                at: output.cell("plain-1-seed1").url, withIntermediateDirectories: true)
            return output
        }
        func expectRefusal(_ output: RunFolder, _ place: URL, _ target: URL) throws {
            try? FileManager.default.removeItem(at: place)
            try FileManager.default.createSymbolicLink(at: place, withDestinationURL: target)
            let text = fault {
                try run(
                    request(output.url) {
                        $0.selection = try CellSelection("1")
                        $0.resume = true
                    })
            }
            #expect(text.hasPrefix("\(place.path): is a symbolic link, expected a "), "\(text)")
        }
        var places: [(RunFolder, URL, URL)] = []
        for name in [
            ".lock", "measurements.csv", "timing.csv", "metrics.jsonl", "tables/losses.md", "tables", "pictures",
        ] {
            let output = try output("run-\(name.replacingOccurrences(of: "/", with: "-"))")
            try run(request(output.url) { $0.selection = try CellSelection("2") })
            places.append((output, output.url.appendingPathComponent(name), precious))
        }
        for name in [".lock", "metrics.jsonl", "timing.json", "measurements.csv", "checkpoint.h5"] {
            let output = try output("cell-\(name)")
            // Measurements or a checkpoint that are there would be read: these point to nothing.
            let target =
                ["measurements.csv", "checkpoint.h5"].contains(name) ? outside.appendingPathComponent("none") : precious
            places.append((output, output.cell("plain-1-seed1").url.appendingPathComponent(name), target))
        }
        let (whole, part) = (try output("folder1"), try output("folder2"))
        places += [(whole, whole.cells, outside), (part, part.cell("plain-1-seed1").url, outside)]
        for (output, place, target) in places { try expectRefusal(output, place, target) }
        #expect(try Data(contentsOf: precious) == Data("precious".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path).isEmpty)

        // The run folder itself may be a link: it is the user's.
        let own = folder.appendingPathComponent("own")
        try FileManager.default.createSymbolicLink(at: own, withDestinationURL: outside)
        try run(request(own) { $0.selection = try CellSelection("1") })
        #expect(FileManager.default.fileExists(atPath: outside.appendingPathComponent("run.json").path))
    }

    @Test func aPipeInARunFolderIsNamedAndDoesNotBlock() throws {
        try run(request(folder))
        let log = RunFolder(folder).cell("plain-1-seed1").metrics
        try FileManager.default.removeItem(at: log)
        mkfifo(log.path, 0o600)
        let text = fault { try run(request(folder) { $0.resume = true }) }
        #expect(text == "\(log.path): is no plain file, expected one in a run folder")
    }

    /// In a child, whose PATH leads nowhere.
    @Test func aChartWithoutGnuplotIsAWarning() async throws {
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            setenv("PATH", path, 1)
            let chart = Chart(title: "t", x: .init("x"), y: .init("y"), series: [try .init("s", x: [1], y: [1])])
            try chart.draw(named: "chart-t", in: URL(fileURLWithPath: path))
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                "chart-t.gp", "chart-t.svg", "chart-t.tsv",
            ])
    }

    /// `run.json` from somebody else is held to what a profile is.
    @Test func aCheckValidatesTheConfigurationOfARun() throws {
        try run(request(folder))
        let record = RunFolder(folder).record
        let whole = try String(contentsOf: record, encoding: .utf8)
        for (field, wrong, expected) in [
            (
                "\"iterations\" : 40", "\"iterations\" : -1",
                "configuration: iterations is -1, expected a whole number from 1 to 1073741824"
            ),
            ("\"dimension\" : 3", "\"dimension\" : 0", "configuration: dimension is 0, expected at least 1"),
            (
                "\"dimension\" : 3", "\"dimension\" : \"x\"",
                "its configuration is not one of noisy-quadratic as it is now"
            ),
            ("\"threadsPerCell\" : 1", "\"threadsPerCell\" : -4", "threadsPerCell is -4, expected 1 to 65536"),
        ] {
            #expect(whole.contains(field))
            try whole.replacingOccurrences(of: field, with: wrong).write(to: record, atomically: false, encoding: .utf8)
            let text = fault { _ = try check(self.expected(1, tolerance: 1), run: RunFolder(folder)) }
            #expect(text == "\(record.path): \(expected)")
        }
    }

    @Test func aFolderOfAnotherRunIsRefusedWithWhatDiffers() throws {
        try run(request(folder) { $0.selection = try CellSelection("1") })
        let before = try snapshot(folder)
        let text = fault {
            try run(
                request(folder) {
                    $0.overrides = [try Override("dimension=4")]
                    $0.seed = 2
                    $0.threads = 3
                    $0.resume = true
                })
        }
        #expect(
            text.hasPrefix(
                "\(folder.path): holds another run: seed is 1 there, 2 here; threads per cell is 1 there, 3 here; dimension is 3 there, 4 here\n"
            ))
        #expect(try snapshot(folder) == before)
    }

    /// A replication that does not heed the device is not run on one; a GPU that is not there is named before anything
    /// is written.
    @Test func aDeviceThatCannotBeUsedIsNamed() throws {
        let text = fault { try run(request(folder) { $0.device = .cuda(0) }) }
        #expect(text == "noisy-quadratic runs on the processor only; the device asked for is cuda:0", "\(text)")
        #expect(!FileManager.default.fileExists(atPath: RunFolder(folder).record.path))
    }

    @Test func twoRunsNeverHoldOneCell() throws {
        var texts: [String] = []
        let first = try request(folder) { $0.selection = try CellSelection("2") }
        try run(
            first,
            progress: { progress in
                guard case .started = progress else { return }
                texts.append(fault { try run(request(self.folder) { $0.selection = try CellSelection("1-2") }) })
                // Cells of its own it may have, in the same folder at the same time.
                texts.append(fault { try run(request(self.folder) { $0.selection = try CellSelection("3-4") }) })
            })
        #expect(texts.count == 2)
        #expect(
            texts[0].contains("cells/plain-2.5-seed1: is being written by another process (\(getpid()))"), "\(texts)")
        #expect(texts[1] == "none")
        try run(request(folder) { $0.selection = try CellSelection("1") })
    }

    /// A process that comes upon a cell which another has begun since goes on with the next one.
    @Test func aCellThatAnotherProcessIsWritingIsPassedOver() throws {
        let plan = try Plan(NoisyQuadratic(), request(folder) { $0.selection = try CellSelection("1-2") })
        let second = try Run(plan, environment: environment, logger: quiet)
        var text = ""
        let first = try request(folder) { $0.selection = try CellSelection("1") }
        try run(
            first,
            progress: { progress in
                guard case .started = progress else { return }
                text = fault { try second.cells(interruption: { nil }, progress: { _ in }) }
            })
        #expect(text == "none")
        #expect(second.passedOver.map(\.index) == [1])
        #expect(try plan.records().map(\.status) == [.finished, .finished, .missing, .missing])
    }

    @Test func aDamagedOrForeignCheckpointIsNamedAndNothingIsTouched() throws {
        let interrupted = try request(folder.appendingPathComponent("run")) {
            $0.selection = try CellSelection("1")
            $0.resume = true
        }
        #expect(throws: Interrupted.self) { try run(interrupted, interruption: Countdown(20).signal) }
        let files = RunFolder(interrupted.output!).cell("plain-1-seed1")
        let whole = try Data(contentsOf: files.checkpoint)
        let log = try Data(contentsOf: files.metrics)

        func refusal(_ contents: Data, log: Data? = nil) throws -> String {
            try contents.write(to: files.checkpoint)
            if let log { try log.write(to: files.metrics) }
            let before = try snapshot(folder)
            let text = fault { try run(interrupted) }
            #expect(try snapshot(folder) == before)
            return text
        }
        let path = files.checkpoint.path
        #expect(
            try refusal(whole.prefix(whole.count - 200)).hasPrefix("\(path): is damaged or cut short: truncated file"))
        let unchecked = whole.dropLast(HDF5Checksum.length)
        #expect(
            try refusal(unchecked) == """
                \(path): carries no checksum: it was changed or cut short, or written before files carried one
                  if you know that it is whole, --accept-unchecked goes on from it; else remove the file to start the cell from its beginning
                """)
        var turned = whole
        turned[turned.count / 2] ^= 4
        #expect(try refusal(turned).hasPrefix("\(path): is damaged: its bytes are not those of its checksum"))
        #expect(try refusal(Data("text".utf8)).hasPrefix("\(path): is not an HDF5 file"))
        #expect(
            try refusal(Data(HDF5Writer().contents())) == "\(path): is an HDF5 file, but no checkpoint of this program")

        /// The checkpoint with one attribute of its header changed.
        func changed(_ name: String, _ value: String) throws -> Data {
            try whole.write(to: files.checkpoint)
            let file = try HDF5File(path: path)
            let writer = try HDF5Writer()
            for (key, old) in try file.attributes() { try writer.setAttribute(key, to: key == name ? value : old) }
            for array in try file.names() { try writer.write(file.read(array), named: array) }
            return Data(try writer.contents())
        }
        #expect(try refusal(changed("formatVersion", "2")) == "\(path): has format version 2, this program reads 1")
        #expect(
            try refusal(changed("cell", "other")).hasPrefix(
                "\(path): is of cell other, this run's is plain-1-seed1\n"))
        #expect(
            try refusal(changed("elementType", "float64")).hasPrefix(
                "\(path): is of element type float64, this run's is float32\n"))
        let configuration = try HDF5File(path: path).attribute("configuration")
        let foreign = configuration.replacingOccurrences(of: "\"dimension\":3", with: "\"dimension\":7")
        #expect(foreign != configuration)
        #expect(
            try refusal(changed("configuration", foreign)).hasPrefix(
                "\(path): is of another configuration: dimension is 7 there, 3 here\n"))

        /// The checkpoint with an array in another element type. (HDF5 shares what it holds open: the file must be
        /// closed.)
        func retyped() throws -> Data {
            try whole.write(to: files.checkpoint)
            let file = try HDF5File(path: path), writer = try HDF5Writer()
            for (key, value) in try file.attributes() { try writer.setAttribute(key, to: value) }
            for name in try file.names() {
                try writer.write(
                    name == "x" ? HDF5Array([1, 2, 3] as [Float], shape: [3]) : file.read(name), named: name)
            }
            return Data(try writer.contents())
        }
        #expect(try refusal(retyped()) == "\(path): array 'x' holds float32, this run computes in float64")

        let short = try refusal(whole, log: log.dropLast(5))
        #expect(
            short.hasPrefix("\(files.metrics.path): has \(log.count - 5) bytes, but the checkpoint covers \(log.count)")
        )
        try log.write(to: files.metrics)
        try unchecked.write(to: files.checkpoint)
        var accepting = interrupted
        accepting.acceptsUnchecked = true
        try run(accepting)
    }

    /// Of a run that was stopped: numbers that its loops would not end with, or be indexed by.
    @Test func numbersOfACheckpointThatCannotBeAreRefused() throws {
        var checkpoint = Checkpoint()
        checkpoint["x"] = HDF5Array([1, .nan] as [Double], shape: [2])
        checkpoint["bits"] = HDF5Array([0, 1, 0.5] as [Float], shape: [3])
        checkpoint["count"] = HDF5Array([-1] as [Int64], shape: [1])
        checkpoint["adam.updates"] = HDF5Array([-1] as [Int64], shape: [1])
        let copy = checkpoint
        #expect(
            fault { _ = try copy.finiteElements("x", as: Double.self) }
                == ": array 'x' holds nan at 1, expected finite numbers")
        #expect(fault { _ = try copy.count("count", in: 0...3) } == ": array 'count' holds -1, expected 0 to 3")
        #expect(
            fault { _ = try copy.bits("bits", like: Tensor.zeros([3])) }
                == ": array 'bits' holds other numbers than 0 and 1")
    }

    @Test func aReplacedFileIsWholeOrUntouched() throws {
        let url = folder.appendingPathComponent("a.txt")
        try atomically(replacing: url, by: Data("old".utf8))
        struct Failure: Error {}
        #expect(throws: Failure.self) {
            try atomically(replacing: url) { beside in
                try Data("half".utf8).write(to: beside)
                throw Failure()
            }
        }
        // What a writer that fails silently leaves: nothing.
        #expect(fault { try atomically(replacing: url) { _ in } }.contains("No such file"))
        #expect(try snapshot(folder) == ["a.txt": Data("old".utf8)])
        try atomically(replacing: url, by: Data("new".utf8))
        #expect(try snapshot(folder) == ["a.txt": Data("new".utf8)])
    }

    @Test func anOutputThatIsNoFolderIsNamed() throws {
        let file = folder.appendingPathComponent("file")
        try Data("x".utf8).write(to: file)
        #expect(fault { try run(request(file)) } == "\(file.path): is not a folder")
        let below = file.appendingPathComponent("a/b")
        #expect(fault { try run(request(below)) }.contains("Not a directory"))
        #expect(try snapshot(folder) == ["file": Data("x".utf8)])
        #expect(fault { try run(request(URL(fileURLWithPath: "/proc/none"))) }.hasPrefix("/proc/none: cannot be made"))
    }

    @Test func whichCellsAreMissingIsSaid() throws {
        let part = try request(folder) { $0.selection = try CellSelection("2,3") }
        let table = try run(part)
        #expect(table.columns == ["method", "curvature", "loss", "time, ms per iteration"])
        #expect(table.rows.map { $0.prefix(2) } == [["plain", "2.5"], ["momentum", "1"]])
        #expect(try Plan(NoisyQuadratic(), part).missingNote() == "2 of 4 cells have not run: --cells 1,4")
        let rest = try run(request(folder) { $0.selection = try CellSelection("1,4") })
        #expect(try rest.rows.count == 4 && Plan(NoisyQuadratic(), part).missingNote() == nil)
        let file = RunFolder(folder).tables.appendingPathComponent("losses.md")
        #expect(try String(contentsOf: file, encoding: .utf8) == "# Losses\n\n" + rest.markdown)
    }

    @Test func aDryRunListsAndWritesNothing() throws {
        let plan = try Plan(
            NoisyQuadratic(),
            request(folder.appendingPathComponent("run")) {
                $0.jobs = 2
                $0.selection = try CellSelection("1-3")
            })
        #expect(
            plan.estimates.rows == [
                ["1", "plain-1-seed1", "90 s", "20 MB", "40 kB"],
                ["2", "plain-2.5-seed1", "90 s", "20 MB", "40 kB"],
                ["3", "momentum-1-seed1", "90 s", "20 MB", "40 kB"],
                ["", "3 cells, 2 at a time", "2 min", "40 MB", "120 kB"],
            ])
        #expect(try snapshot(folder).isEmpty)
        // Many cells are a line for each value of the first label.
        let many = try Plan(
            NoisyQuadratic(),
            request(folder.appendingPathComponent("run")) {
                $0.overrides = [try Override("curvatures=[\((1...20).map(String.init).joined(separator: ","))]")]
            })
        #expect(
            many.estimates.rows == [
                ["1-20", "method plain: 20 cells", "30 min", "20 MB", "800 kB"],
                ["21-40", "method momentum: 20 cells", "30 min", "20 MB", "800 kB"],
                ["", "40 cells, 1 at a time", "60 min", "20 MB", "2 MB"],
            ])
    }

    @Test func aConfigurationWithNoCellsOrOneTwiceIsRefused() throws {
        func fault(_ curvatures: String) -> String {
            ExperimentsTests.fault {
                _ = try Plan(
                    NoisyQuadratic(), request(folder) { $0.overrides = [try Override("curvatures=\(curvatures)")] })
            }
        }
        #expect(fault("[]") == "the configuration gives noisy-quadratic no cells")
        #expect(fault("[1, 2, 1]").hasPrefix("the configuration gives the cells 1 and 3 one id, plain-1-seed1\n"))
        #expect(fault("[1]") == "none")
    }

    @Test func comparingNamesWhatDiffers() throws {
        let (a, b) = (folder.appendingPathComponent("a"), folder.appendingPathComponent("b"))
        try run(request(a))
        try run(request(b) { $0.seed = 2 })
        let seeds = try Comparison(RunFolder(a), RunFolder(b))
        #expect(!seeds.identical && seeds.differences.rows[0] == ["run.json", "seed", "1", "2"])

        let c = folder.appendingPathComponent("c")
        try run(request(c))
        #expect(try Comparison(RunFolder(a), RunFolder(c)).identical)
        let files = RunFolder(c).cell("plain-1-seed1")
        try Data("changed".utf8).write(to: files.url.appendingPathComponent("x.png"))
        let log = try String(contentsOf: files.metrics, encoding: .utf8)
        let lines = log.split(separator: "\n")
        try log.replacingOccurrences(of: "\"iteration\":6,", with: "\"iteration\":7,").write(
            to: files.metrics, atomically: false, encoding: .utf8)
        let rows = try Comparison(RunFolder(a), RunFolder(c)).differences.rows
        #expect(
            rows == [
                [
                    "plain-1-seed1", "metrics.jsonl, line 2", String(lines[1]),
                    lines[1].replacingOccurrences(of: ":6,", with: ":7,"),
                ],
                [
                    "plain-1-seed1", "x.png",
                    "\(try Data(contentsOf: RunFolder(a).cell("plain-1-seed1").url.appendingPathComponent("x.png")).count) bytes",
                    "7 bytes",
                ],
            ])
        // Without the cells' files the runs' own are compared, also with a run that has them.
        let clone = folder.appendingPathComponent("clone")
        try FileManager.default.copyItem(at: a, to: clone)
        try FileManager.default.removeItem(at: RunFolder(clone).cells)
        #expect(try Comparison(RunFolder(a), RunFolder(clone)).identical)
        try Data().write(to: RunFolder(clone).metrics)
        #expect(try !Comparison(RunFolder(a), RunFolder(clone)).identical)
        for run in [a, b, c] { try FileManager.default.removeItem(at: RunFolder(run).cells) }
        #expect(try Comparison(RunFolder(a), RunFolder(c)).identical)
        #expect(try !Comparison(RunFolder(a), RunFolder(b)).identical)
        #expect(
            fault { _ = try Comparison(RunFolder(a), RunFolder(folder)) }
                == "\(folder.path): is no run folder: it has no run.json")
    }

    private func expected(
        _ reference: Double, tolerance: Double, metric: String = "loss",
        where labels: String = "method: plain, curvature: 1",
        more: String = ""
    ) -> String {
        """
        values:
          - profile: smoke
            metric: \(metric)
            where: {\(labels)}
            \(more.isEmpty ? "name: pinned" : more)
            reference: \(reference)
            spread: 0.1
            tolerance: \(tolerance)
            why: chosen here
        """
    }

    private func check(_ expected: String, run folder: RunFolder? = nil) throws -> CheckReport {
        var replication = NoisyQuadratic()
        replication.declarations.expected = expected
        return try replication.check(
            run: folder, threads: 1, environment: environment, logger: quiet, interruption: { nil }, progress: { _ in })
    }

    @Test func aCheckPassesWithinTheToleranceAndNamesWhatMoved() throws {
        try run(request(folder))
        let plan = try Plan(NoisyQuadratic(), request(folder))
        let losses = try plan.records().map { try #require($0.value("loss")) }

        let new = try check(expected(losses[0], tolerance: 0))
        #expect(new.exitCode == 0 && new.summary == "1 of 1 pinned values ok")
        #expect(try check(expected(losses[0] + 0.2, tolerance: 0.25), run: RunFolder(folder)).exitCode == 0)
        let moved = try check(expected(losses[0] + 0.3, tolerance: 0.25), run: RunFolder(folder))
        #expect(moved.exitCode == 1 && moved.moved.count == 1 && moved.summary == "0 of 1 pinned values ok")
        #expect(moved.moved.first?.hasPrefix("pinned is ") == true, "\(moved.moved)")
        #expect(moved.table.rows[0].last == "moved")
        let seeded = try check(expected(losses[0], tolerance: 0, more: "seed: 1"), run: RunFolder(folder))
        #expect(seeded.exitCode == 0 && seeded.table.rows[0][0] == "loss: curvature 1, method plain, seed 1")

        func absent(_ metric: String, _ labels: String, _ more: String = "") throws -> [String] {
            let report = try check(
                expected(1, tolerance: 1, metric: metric, where: labels, more: more), run: RunFolder(folder))
            #expect(report.exitCode == 2)
            return report.absent
        }
        #expect(try absent("x0", "method: plain")[0].hasPrefix("unknown metric 'x0' in pinned"))
        #expect(try absent("loss", "method: other")[0].hasPrefix("unknown method 'other' in pinned"))
        #expect(try absent("loss", "method: plain")[0].contains("more than one setting: curvature is 1, 2.5"))
        #expect(try absent("loss", "method: plain, curvature: 1", "seed: 3")[0].contains("was not measured"))
        #expect(
            fault { _ = try check(expected(1, tolerance: 1, metric: "mmd")) }.hasPrefix(
                "unknown metric 'mmd' in noisy-quadratic/expected.yaml"))
    }

    /// The paper's number stands beside ours, times are of the record, and sides are paired by seed.
    @Test func aRatioIsPinnedAsAQuery() throws {
        try run(request(folder))
        let losses = try Plan(NoisyQuadratic(), request(folder)).records().map { try #require($0.value("loss")) }
        let ratio = losses[2] / losses[0]
        func check(_ reference: Double, _ more: String, metric: String = "loss") throws -> CheckReport {
            try self.check(
                expected(
                    reference, tolerance: 1e-12, metric: metric, where: "method: momentum, curvature: 1", more: more),
                run: RunFolder(folder))
        }
        let paper = try check(ratio, "over: {where: {method: plain}}\n    paper: 0.5\n    source: Table 2")
        #expect(paper.exitCode == 0 && paper.table.columns.contains("paper") && paper.table.rows[0][5] == "0.5")
        #expect(try check(losses[2] - losses[0], "minus: {where: {method: plain}}").exitCode == 0)
        #expect(try check(1, "over: {where: {method: momentum}}", metric: "peakMemory").exitCode == 0)
    }

    @Test func aDivergedOrMissingCellDoesNotPassACheck() throws {
        try run(
            request(folder) {
                $0.overrides = [try Override("learningRate=3"), try Override("iterations=500")]
                $0.selection = try CellSelection("2")
            })
        let report = try check(
            expected(0, tolerance: 1e9, where: "method: plain, curvature: 2.5"), run: RunFolder(folder))
        #expect(report.exitCode == 1 && report.moved == ["pinned: the cell diverged"], "\(report.absent)")
        let missing = try check(expected(0, tolerance: 1e9), run: RunFolder(folder))
        #expect(missing.exitCode == 2 && missing.absent.count == 1)
    }

    @Test func aFaultInThePinnedValuesIsNamed() {
        let row = expected(1, tolerance: 1)
        func fault(_ text: String) -> String {
            ExperimentsTests.fault { _ = try ExpectedValue.read(text, place: "e.yaml", vocabulary: .suite) }
        }
        #expect(fault(row) == "none")
        #expect(
            fault(row.replacingOccurrences(of: "tolerance: 1.0", with: "tolerance: -1")).hasSuffix(
                "tolerance: is -1.0, expected a number from 0"))
        #expect(
            fault(row.replacingOccurrences(of: "reference: 1.0", with: "reference: .nan")).contains(
                "reference: is nan, expected a number"))
        #expect(
            fault(row.replacingOccurrences(of: "why:", with: "wy:")).hasPrefix(
                "e.yaml: values[1]: unknown key 'wy'; the nearest is 'why'"))
        #expect(
            fault(row.replacingOccurrences(of: "    spread: 0.1\n", with: "")).hasSuffix(
                "the key 'spread' is missing"))
        #expect(fault("relations: []").contains("unknown key 'relations'"))
        #expect(fault(row.replacingOccurrences(of: "loss", with: "lss")).hasPrefix("unknown metric 'lss' in e.yaml"))
    }
}
