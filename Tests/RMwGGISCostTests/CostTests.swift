import Experiments
import Foundation
import Logging
import RMwGGISCost
import RunSupport
import Testing
import Torch

// One after the other: the thread count is the process's.
@Suite(.serialized) struct CostTests {
    /// All flips give one loss, however they are evaluated; time, memory and a point of the chart are there for each.
    @Test func allFormsOfAllFlipsGiveOneLossAndEveryCellIsInTheTable() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cost-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let few = ["hidden=[32, 32]", "batchSize=16", "dimensions=[12, 4096]", "copiesUpTo=12", "chunk=5"]
        let plan = try smokePlan(RMwGGISCost(), folder, set: few, resume: false, threads: 2)
        let environment = RunEnvironment(commit: "test", libraries: [:], setThreads: { Runtime.threads = $0 })
        let run = try Run(
            plan, environment: environment, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try run.cells(interruption: { nil }, progress: { _ in })
        let tables = try run.assemble()

        let records = try plan.records()
        #expect(records.map(\.cell.id).contains("4096-rm-copies-seed1023") == false)
        func loss(_ d: Int, _ method: String) throws -> Double {
            try #require(records.first { $0.cell.id == "\(d)-\(method)-seed1023" }?.value("loss"))
        }
        // Rounding differs between the forms, and Adam's first steps have the size of the learning rate whatever the
        // gradient's.
        for (d, method) in [(12, "rm-copies"), (12, "rm-chunked"), (4096, "rm-chunked")] {
            let (plain, other) = (try loss(d, "rm"), try loss(d, method))
            #expect(abs(plain - other) < 1e-3 * plain, "\(method) at d = \(d)")
        }
        #expect(tables.count == 4)
        let whole = tables.filter { $0.table.columns.count == 6 }.map(\.table)
        #expect(whole.count == 3)
        for table in whole where table.rows.count == 2 {
            #expect(table.rows.map { $0[0] } == ["12", "4096"])
            #expect(table.rows[1].contains("–"), "the copies of 4,096 flips")
        }
        #expect(records.allSatisfy { ($0.timing?.peakMemory ?? 0) > 10_000_000 })
        for name in ["time.png", "memory.png"] {
            #expect(FileManager.default.fileExists(atPath: plan.folder.pictures.appendingPathComponent(name).path))
        }
    }

    @Test func whatIsDeclaredCanBeRead() throws { try validateDeclarations(of: RMwGGISCost()) }

    @Test func settingsThatCannotBeAreNamed() throws {
        for (override, expected) in [
            (
                "dimensions=[31]",
                "configuration: dimensions is [31], expected a list of different even numbers from 4 to 65536"
            ),
            ("batchSize=21", "configuration: batchSize is 21, expected an even number: 2spirals has two arms"),
            ("chunk=0", "configuration: chunk is 0, expected a whole number from 1"),
            ("methods=[rm-copie]", "the nearest is 'rm-copies'"),
        ] {
            let message = try refusal(RMwGGISCost(), of: override)
            #expect(message.contains(expected), "\(override): \(message)")
        }
    }
}
