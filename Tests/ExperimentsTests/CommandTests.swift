import Experiments
import Foundation
import NoisyQuadratic
import Testing

/// The command line, as processes.
@Suite final class CommandTests {
    /// A folder of its own for each test: the suite is made anew for each.
    let folder: URL

    init() throws { folder = try temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func arguments(_ output: URL, _ more: String...) -> [String] {
        ["run", "noisy-quadratic", "--profile", "smoke", "--output", output.path] + more
    }

    /// A run that takes four seconds a cell, so that it is surely met while it runs.
    private func slow(_ arguments: [String]) throws -> Fixture {
        try Fixture(arguments, in: folder, environment: ["FIXTURE_DELAY": "0.1"])
    }

    private func begun(_ folder: URL, _ id: String) -> Bool {
        FileManager.default.fileExists(atPath: RunFolder(folder).cell(id).metrics.path)
    }

    @Test func devicesAreChecked() throws {
        let output = folder.appendingPathComponent("device")
        #expect(try Fixture.run(arguments(output, "--device", "cpu"), in: folder).code == 0)
        for (device, expected) in [
            ("gpu", "device 'gpu' is not known: use cpu, cuda or cuda:N"), ("cuda:x", "device 'cuda:x' is not known"),
        ] {
            let outcome = try Fixture.run(arguments(output, "--resume", "--device", device), in: folder)
            #expect(outcome.code == 2 && outcome.messages.contains(expected), "\(outcome.messages)")
        }
    }

    @Test func aSignalWritesACheckpointAndSaysHowToGoOn() throws {
        let whole = folder.appendingPathComponent("whole")
        #expect(try Fixture.run(arguments(whole, "--threads", "1", "--cells", "1"), in: folder).code == 0)
        for (signal, code) in [
            (SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129), (SIGUSR1, 138), (SIGUSR2, 140), (SIGXCPU, 152),
        ] {
            let stopped = folder.appendingPathComponent("stopped \(code)")
            let fixture = try slow(arguments(stopped, "--threads", "1", "--cells", "1"))
            wait(for: "the first line of the log") { begun(stopped, "plain-1-seed1") }
            kill(fixture.process.processIdentifier, signal)
            let outcome = try fixture.wait()
            #expect(outcome.code == code)
            #expect(outcome.messages.contains("go on with: "))
            #expect(
                outcome.messages.contains("--output '\(stopped.path)' --threads 1 --cells 1 --resume\n"),
                "\(outcome.messages)")
            #expect(FileManager.default.fileExists(atPath: RunFolder(stopped).cell("plain-1-seed1").checkpoint.path))

            let resumed = try Fixture.run(
                arguments(stopped, "--threads", "1", "--cells", "1", "--resume"), in: folder)
            #expect(resumed.code == 0 && resumed.messages.contains("resumes after iteration"))
            #expect(try identity(stopped) == identity(whole))
        }
    }

    /// A batch system warns before it ends a job, and the kernel repeats SIGXCPU: neither cuts off the checkpoint that
    /// the first asked for.
    @Test func warningsThatAreRepeatedEndNothingAtOnce() throws {
        let output = folder.appendingPathComponent("run")
        let fixture = try Fixture(
            arguments(output, "--threads", "1", "--cells", "1"), in: folder, environment: ["FIXTURE_DELAY": "2"])
        wait(for: "the cell") {
            FileManager.default.fileExists(atPath: RunFolder(output).cell("plain-1-seed1").url.path + "/.lock")
        }
        Thread.sleep(forTimeInterval: 0.3)
        for signal in [SIGUSR1, SIGXCPU, SIGXCPU, SIGTERM, SIGHUP] {
            kill(fixture.process.processIdentifier, signal)
            Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(try fixture.wait().code == 138)
        #expect(FileManager.default.fileExists(atPath: RunFolder(output).cell("plain-1-seed1").checkpoint.path))
    }

    @Test func aHangUpThatIsIgnoredStaysIgnored() throws {
        let output = folder.appendingPathComponent("run")
        let outcome = try Fixture.shell(
            "trap '' HUP; \"$0\" \"$@\" & sleep 1; kill -HUP $!; wait $!", arguments(output, "--cells", "1"),
            in: folder,
            environment: ["FIXTURE_DELAY": "0.05"])
        #expect(outcome.code == 0, "\(outcome.messages)")
    }

    /// Their locks are free as soon as the parent is gone.
    @Test func jobsEndWithTheirParent() throws {
        let output = folder.appendingPathComponent("run")
        let fixture = try Fixture(
            arguments(output, "--threads", "2", "--jobs", "2"), in: folder, environment: ["FIXTURE_DELAY": "5"])
        let locks = ["plain-1-seed1", "plain-2.5-seed1"].map {
            RunFolder(output).cell($0).url.appendingPathComponent(".lock")
        }
        func holders() -> [Int32] {
            locks.compactMap { (try? String(contentsOf: $0, encoding: .utf8)).flatMap { Int32($0.dropLast()) } }
        }
        let parent = fixture.process.processIdentifier
        wait(for: "two cells at once") { holders().count == 2 && !holders().contains(parent) }
        let children = holders()
        kill(parent, SIGKILL)
        /// Not where nobody has waited for it yet.
        func runs(_ process: Int32) -> Bool {
            let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            return line.map { !$0.contains(") Z ") } ?? false
        }
        let deadline = Date().addingTimeInterval(1)
        while children.contains(where: runs), Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
        #expect(!children.contains(where: runs))
        _ = try fixture.wait()  // which takes as long as a child holds what it inherited
        #expect(
            try Fixture.run(
                arguments(output, "--cells", "1-2", "--threads", "2", "--jobs", "2", "--resume"), in: folder
            ).code == 0)
    }

    /// The parent may end before its child can ask to be told.
    @Test func aJobWhoseParentIsGoneEndsAtOnce() throws {
        let output = folder.appendingPathComponent("run")
        let outcome = try Fixture.run(arguments(output, "--cells", "1", "--parent", "1"), in: folder)
        #expect(outcome.code == 128 + SIGKILL)
        #expect(!FileManager.default.fileExists(atPath: output.path))
    }

    @Test func aRunOfMoreCellsThanOpenFilesGoesOn() throws {
        let curvatures = (1...60).map { "\($0).5" }.joined(separator: ",")
        for jobs in ["1", "2"] {
            let output = folder.appendingPathComponent("run\(jobs)")
            let outcome = try Fixture.shell(
                "ulimit -n 64; \"$0\" \"$@\"",
                arguments(
                    output, "--set", "curvatures=[\(curvatures)]", "--set", "iterations=2", "--set",
                    "learningRate=0.01", "--jobs", jobs), in: folder)
            #expect(outcome.code == 0, "\(outcome.messages.suffix(500))")
        }
    }

    @Test func threadsAreThoseThatTheProcessMayUse() throws {
        let output = folder.appendingPathComponent("run")
        #expect(try Fixture.shell("taskset -c 0 \"$0\" \"$@\"", arguments(output), in: folder).code == 0)
        let record = try String(contentsOf: RunFolder(output).record, encoding: .utf8)
        #expect(record.contains("\"threadsPerCell\" : 1\n"), "\(record)")
        // Another process goes on with as many, however many it may use.
        #expect(try Fixture.run(arguments(output, "--resume"), in: folder).code == 0)
        let other = try Fixture.run(arguments(output, "--resume", "--threads", "3"), in: folder)
        #expect(
            other.code == 2 && other.messages.contains("go on with it by --threads 1, or give another --output"),
            "\(other.messages)")
    }

    /// Files by their names, which no program can load.
    @Test func anotherLibtorchOnTheLibraryPathIsNotLoaded() throws {
        for name in ["libtorch.so", "libtorch_cpu.so", "libc10.so"] {
            try Data("other".utf8).write(to: folder.appendingPathComponent(name))
        }
        let outcome = try Fixture.run(["list"], in: folder, environment: ["LD_LIBRARY_PATH": folder.path])
        #expect(outcome.code == 0, "\(outcome.messages)")
    }

    @Test func aRunInWhichEveryCellDivergedFails() throws {
        let diverging = ["--set", "learningRate=3", "--set", "iterations=500"]
        for jobs in ["1", "2"] {
            let output = folder.appendingPathComponent("run\(jobs)")
            let all = try Fixture.run(
                arguments(output, "--cells", "2", "--jobs", jobs, "--threads", "2") + diverging, in: folder)
            #expect(all.code == 1 && all.messages.hasSuffix("error: the cell diverged\n"), "\(all.messages)")
            let some = try Fixture.run(
                arguments(output, "--jobs", jobs, "--threads", "2", "--resume") + diverging, in: folder)
            #expect(some.code == 0, "\(some.messages)")
        }
    }

    @Test func aMisspeltCommandGetsItsNearestAndTheVersionIsPrinted() throws {
        let misspelt = try Fixture.run(["rnu", "noisy-quadratic"], in: folder)
        #expect(
            misspelt.code == 64 && misspelt.messages.contains("unknown command 'rnu'; the nearest is 'run'"),
            "\(misspelt.messages)")
        let far = try Fixture.run(["zzz"], in: folder)
        #expect(
            far.code == 64 && far.messages.contains("unknown command 'zzz'\n") && !far.messages.contains("nearest"),
            "\(far.messages)")
        let version = try Fixture.run(["--version"], in: folder)
        #expect(version.code == 0 && version.output.hasPrefix("replicate 0.1.0, commit fixture\n"), "\(version.output)")
    }

    @Test func countsThatCannotBeAreUsage() throws {
        for (option, count) in [("--threads", "\(Int.max)"), ("--jobs", "\(Int.max)"), ("--threads", "0")] {
            #expect(try Fixture.run(arguments(folder, option, count), in: folder).code == 64)
        }
        for option in ["--batch", "--epochs", "--threads"] {
            #expect(try Fixture.run(["score", "a", "b", option, "\(Int.max)"], in: folder).code == 64)
        }
        for option in ["--batch", "--steps", "--rounds", "--matrix"] {
            #expect(try Fixture.run(["device", option, "\(Int.max)"], in: folder).code == 64)
        }
    }

    @Test func aDeviceThatNeedsMoreMemoryThanThereIsIsRefused() throws {
        let outcome = try Fixture.run(["device", "--width", "16", "--batch", "65536"], in: folder)
        #expect(outcome.code == 2 && outcome.messages.hasPrefix("error: this needs about "), "\(outcome.messages)")
    }

    @Test func aFolderForTemporaryFilesThatIsNotThereIsNamed() throws {
        let none = folder.appendingPathComponent("none").path
        let outcome = try Fixture.run(["check", "noisy-quadratic"], in: folder, environment: ["TMPDIR": none])
        #expect(
            outcome.code == 2
                && outcome.messages.hasSuffix(
                    "error: TMPDIR is \(none), which is no folder\n  set it to the folder for temporary files, such as /tmp\n"
                ),
            "\(outcome.messages)")
        #expect(!FileManager.default.fileExists(atPath: none))
    }

    @Test func aKilledRunBlocksNobodyAndGoesOn() throws {
        let whole = folder.appendingPathComponent("whole"), killed = folder.appendingPathComponent("killed")
        #expect(try Fixture.run(arguments(whole, "--cells", "2"), in: folder).code == 0)
        let fixture = try slow(arguments(killed, "--cells", "2", "--checkpoint-every", "0"))
        wait(for: "a checkpoint") {
            FileManager.default.fileExists(atPath: RunFolder(killed).cell("plain-2.5-seed1").checkpoint.path)
        }
        let second = try Fixture.run(arguments(killed, "--cells", "2", "--resume"), in: folder)
        #expect(second.code == 75)
        #expect(
            second.messages.contains("is being written by another process (\(fixture.process.processIdentifier))"),
            "\(second.messages)")
        kill(fixture.process.processIdentifier, SIGKILL)
        _ = try fixture.wait()
        #expect(try Fixture.run(arguments(killed, "--cells", "2", "--resume"), in: folder).code == 0)
        #expect(try identity(killed) == identity(whole))
    }

    @Test func jobsGiveTheSameBytesAsOneProcess() throws {
        let one = folder.appendingPathComponent("one"), two = folder.appendingPathComponent("two")
        #expect(try Fixture.run(arguments(one, "--threads", "2"), in: folder).code == 0)
        let outcome = try Fixture.run(arguments(two, "--threads", "4", "--jobs", "2"), in: folder)
        #expect(outcome.code == 0)
        #expect(outcome.messages.contains("plain-1-seed1 done in "))  // relayed
        #expect(outcome.output.contains("| momentum | 2.5"))
        #expect(try identity(one) == identity(two))
        #expect(try Comparison(RunFolder(one), RunFolder(two)).identical)
        #expect(try Data(contentsOf: RunFolder(one).record) == Data(contentsOf: RunFolder(two).record))
    }

    @Test func aSignalReachesTheJobsAndTheyGoOn() throws {
        let whole = folder.appendingPathComponent("whole"), stopped = folder.appendingPathComponent("stopped")
        #expect(try Fixture.run(arguments(whole, "--threads", "1"), in: folder).code == 0)
        let jobs = ["--threads", "2", "--jobs", "2"]
        let fixture = try slow(arguments(stopped) + jobs)
        wait(for: "two cells at once") { begun(stopped, "plain-1-seed1") && begun(stopped, "plain-2.5-seed1") }
        kill(fixture.process.processIdentifier, SIGTERM)
        let outcome = try fixture.wait()
        #expect(outcome.code == 143)
        #expect(outcome.messages.components(separatedBy: "go on with").count == 2)  // the parent says it, once
        #expect(FileManager.default.fileExists(atPath: RunFolder(stopped).cell("plain-2.5-seed1").checkpoint.path))
        let resumed = try Fixture.run(arguments(stopped) + jobs + ["--resume"], in: folder)
        #expect(resumed.code == 0, "\(resumed.messages)")
        #expect(try identity(stopped) == identity(whole))
    }

    @Test func aKilledJobIsNamedAndTheOthersGoOn() throws {
        let output = folder.appendingPathComponent("run")
        let fixture = try slow(arguments(output, "--cells", "1-2", "--threads", "2", "--jobs", "2"))
        wait(for: "the second cell") { begun(output, "plain-2.5-seed1") }
        let lock = RunFolder(output).cell("plain-2.5-seed1").url.appendingPathComponent(".lock")
        let children = try String(
            contentsOfFile:
                "/proc/\(fixture.process.processIdentifier)/task/\(fixture.process.processIdentifier)/children",
            encoding: .utf8)
        let child = try #require(Int32(try String(contentsOf: lock, encoding: .utf8).trimmingCharacters(in: .newlines)))
        #expect(children.split(separator: " ").contains("\(child)"))  // the lock names the process that writes
        kill(child, SIGKILL)
        let outcome = try fixture.wait()
        #expect(outcome.code == 128 + SIGKILL)
        #expect(outcome.messages.contains("plain-2.5-seed1: its process was ended by signal 9\n"))
        #expect(outcome.output.contains("3 of 4 cells have not run: --cells 2-4"))
    }

    @Test func processesWithDifferentCellsShareAFolder() throws {
        let whole = folder.appendingPathComponent("whole"), shared = folder.appendingPathComponent("shared")
        #expect(try Fixture.run(arguments(whole), in: folder).code == 0)
        let fixtures = try (1...4).map { try Fixture(arguments(shared, "--cells", "\($0)"), in: folder) }
        for fixture in fixtures { #expect(try fixture.wait().code == 0) }
        #expect(try identity(shared) == identity(whole))
    }

    @Test func goingOnNamesCellsWhoseLogsAreNotThere() throws {
        let output = folder.appendingPathComponent("run").path
        let run = ["run", "noisy-quadratic", "--profile", "smoke", "--output", output, "--resume"]
        #expect(try Fixture.run(run + ["--cells", "1-3"], in: folder).code == 0)
        try FileManager.default.removeItem(atPath: "\(output)/metrics.jsonl")
        for id in ["plain-1-seed1", "momentum-1-seed1"] {
            try FileManager.default.removeItem(atPath: "\(output)/cells/\(id)/metrics.jsonl")
        }
        let rest = try Fixture.run(run, in: folder)
        #expect(rest.code == 0)
        #expect(rest.messages.contains("3 cells have run already\n"))
        let warning = "warning: \(output): 2 of the finished cells, plain-1-seed1 first, have no metrics.jsonl here: "
        #expect(rest.messages.contains(warning + "the run's own and the charts of it stay as they are\n"))
    }

    @Test func exitCodesTellUsageFromDataFromAFailedCheck() throws {
        func code(_ arguments: String..., environment: [String: String] = [:]) throws -> Int32 {
            try Fixture.run(arguments, in: folder, environment: environment).code
        }
        let output = folder.appendingPathComponent("run").path
        #expect(try code("run") == 64)
        #expect(try code("run", "noisy-quadratic", "--cells", "3-x") == 64)
        #expect(try code("run", "noisy-quadratic", "--set", "dimension") == 64)
        #expect(try code("run", "noisy-quadratic", "--jobs", "0") == 64)
        #expect(try code("--help") == 0)
        #expect(try code("list") == 0)
        let unknown = try Fixture.run(["run", "noisy-quadratc"], in: folder)
        #expect(unknown.code == 2 && unknown.output.isEmpty)
        #expect(
            unknown.messages
                == "error: unknown replication 'noisy-quadratc'; the nearest is 'noisy-quadratic'\n  valid: noisy-quadratic\n"
        )
        #expect(
            try code("run", "noisy-quadratic", "--profile", "smoke", "--set", "dimension=0", "--output", output) == 2)
        #expect(try code("run", "noisy-quadratic", "--profile", "smoke", "--cells", "5", "--output", output) == 2)
        #expect(try code("run", "noisy-quadratic", "--profile", "smoke", "--output", "/dev/null/x") == 2)
        #expect(try code("run", "noisy-quadratic", "--profile", "smoke", "--dry-run", "--output", output) == 0)
        #expect(!FileManager.default.fileExists(atPath: output))

        let diverging = try Fixture.run(
            [
                "run", "noisy-quadratic", "--profile", "smoke", "--set", "learningRate=3", "--set", "iterations=500",
                "--output", output,
            ],
            in: folder)
        #expect(diverging.code == 0)
        #expect(
            diverging.messages.contains("warning: cell 2 (plain-2.5-seed1) diverged: loss is not finite at iteration "))

        let golden = folder.appendingPathComponent("golden")
        try Data("right".utf8).write(to: golden)
        #expect(try code("replay", "noisy-quadratic", "--golden", golden.path) == 0)
        try Data("wrong".utf8).write(to: golden)
        #expect(try code("replay", "noisy-quadratic", "--golden", golden.path) == 1)
        #expect(try code("replay", "noisy-quadratic", "--golden", output + "/none") == 2)

        let pinned =
            "values: [{metric: loss, where: {method: plain, curvature: 1}, profile: smoke, paper: 3, source: here, reference: 1e9, spread: 0, tolerance: 1, why: w}]"
        let moved = try Fixture.run(
            ["check", "noisy-quadratic"], in: folder, environment: ["FIXTURE_EXPECTED": pinned])
        // A run of other settings than the profile's is compared, and said to be one.
        let short = folder.appendingPathComponent("short").path
        let run = ["run", "noisy-quadratic", "--profile", "smoke", "--set", "iterations=5", "--output", short]
        let ended = try Fixture.run(run, in: folder, environment: ["FIXTURE_EXPECTED": pinned])
        let departure = "iterations is 5 in this run, 40 in the profile 'smoke'"
        #expect(ended.output.contains("not compared with the pinned values of its profile:\n  \(departure)\n"))
        let checked = try Fixture.run(
            ["check", "noisy-quadratic", "--run", short], in: folder, environment: ["FIXTURE_EXPECTED": pinned])
        #expect(checked.code == 1 && checked.messages.contains("note: \(departure)"))
        #expect(moved.code == 1 && moved.messages.contains("moved: loss: curvature 1, method plain is "))
        #expect(
            try code(
                "check", "noisy-quadratic",
                environment: ["FIXTURE_EXPECTED": pinned.replacingOccurrences(of: "metric: loss", with: "metric: x")])
                == 2)
        #expect(
            try code(
                "check", "noisy-quadratic",
                environment: [
                    "FIXTURE_EXPECTED": pinned.replacingOccurrences(of: "tolerance: 1,", with: "tolerance: 2e9,")
                ]) == 0)

        #expect(try code("compare", output, output) == 0)
        #expect(try code("compare", output, folder.path) == 2)
        let other = folder.appendingPathComponent("other").path
        #expect(try code("run", "noisy-quadratic", "--profile", "smoke", "--seed", "9", "--output", other) == 0)
        #expect(try code("compare", output, other) == 1)
    }
}
