import Commands
import Experiments
import Foundation
import Testing

/// What is shown while cells run.
@Suite struct ProgressTests {
    private let start = Date(timeIntervalSinceReferenceDate: 0)
    private let long = "2spirals-32-paper-rmwggis-advanced-seed1023"

    private func board() -> ProgressBoard {
        ProgressBoard(expected: [long: 100, "b-seed1": 100, "c-seed1": 100, "d-seed1": 100], atOnce: 2)
    }

    private func training(_ cell: String, _ done: Int, of total: Int, loss: Double? = nil) -> RunProgress {
        .advanced(
            cell: cell, .training, done: done, total: total, latest: loss.map { .init(name: "loss", value: $0) })
    }

    @Test func aLineForEachCellAndOneForTheWhole() {
        var board = board()
        #expect(board.note(.started(cell: long, iteration: 0), at: start) == nil)
        #expect(board.note(.started(cell: "b-seed1", iteration: 0), at: start) == nil)
        _ = board.note(training(long, 50, of: 200, loss: 26.6123), at: start + 5)
        _ = board.note(training("b-seed1", 100, of: 200), at: start + 5)
        #expect(
            board.lines(width: 120, at: start + 5) == [
                "[1/4]  \(long)  training 50/200  15 s left  loss 26.61  10/s",
                "[2/4]  b-seed1  training 100/200  5 s left  20/s",
                // The first takes 20 s where 100 were foreseen, so the two that wait take 40; all at two at a time.
                "0 of 4 cells done, 30 s left",
            ])
    }

    @Test(arguments: [20, 40, 60, 80]) func linesKeepWithinTheTerminal(width: Int) {
        var board = board()
        _ = board.note(.started(cell: long, iteration: 0), at: start)
        _ = board.note(training(long, 1234, of: 100_000, loss: -123.456), at: start + 7)
        let lines = board.lines(width: width, at: start + 7)
        #expect(lines.count == 2 && lines.allSatisfy { $0.count <= width }, "\(lines)")
        if width >= 60 { #expect(lines[0].hasPrefix("[1/4]  2spi") && lines[0].contains("training 1234/100000")) }
    }

    /// An evaluation within the loop neither resets the rate of training nor shows it.
    @Test func trainingGoesOnAfterAnEvaluation() {
        var board = board()
        _ = board.note(.started(cell: "b-seed1", iteration: 100), at: start)
        _ = board.note(training("b-seed1", 120, of: 200), at: start + 2)
        _ = board.note(
            .advanced(cell: "b-seed1", .evaluating, done: 0, total: 0, latest: nil), at: start + 2)
        #expect(board.lines(width: 80, at: start + 3)[0] == "[1/4]  b-seed1  evaluating")
        _ = board.note(.advanced(cell: "b-seed1", .evaluating, done: 10, total: 40, latest: nil), at: start + 4)
        #expect(board.lines(width: 80, at: start + 4)[0] == "[1/4]  b-seed1  evaluating 10/40  6 s left  5/s")
        _ = board.note(training("b-seed1", 140, of: 200), at: start + 8)
        #expect(board.lines(width: 80, at: start + 8)[0] == "[1/4]  b-seed1  training 140/200  12 s left  5/s")
    }

    @Test func aCellsEndIsSaidWithItsHeadlines() {
        var board = board()
        _ = board.note(.started(cell: "b-seed1", iteration: 0), at: start)
        let end = RunProgress.ended(
            cell: "b-seed1", isDiverged: false, seconds: 12, headlines: [.init(name: "kl", value: 0.123456)])
        #expect(board.note(end, at: start + 12) == "[1/4] b-seed1 done in 12 s: kl 0.1235")
        // Three cells wait, 100 s were foreseen of each and 12 taken.
        #expect(board.lines(width: 80, at: start + 12) == ["1 of 4 cells done, 18 s left"])
        #expect(board.note(.skipped(cells: ["c-seed1"]), at: start) == "c-seed1: has run already")
        let diverged = RunProgress.ended(cell: "d-seed1", isDiverged: true, seconds: nil, headlines: [])
        #expect(board.note(diverged, at: start) == "d-seed1 diverged")
        #expect(board.summary(at: start + 12) == "3 of 4 cells done, 1 diverged, 12 s left")
    }

    @Test func progressPassesThroughAPipe() throws {
        for progress: RunProgress in [
            training("a", 1, of: 2, loss: .infinity), .started(cell: "a\n\"b", iteration: 3),
            .skipped(cells: ["a", "b"]),
        ] {
            let line = try #require(ProgressRelay.line(of: progress))
            #expect(!line.contains("\n") && ProgressRelay.read(line) == progress)
        }
        #expect(ProgressRelay.read("warning: plain") == .said("warning: plain"))
    }
}
