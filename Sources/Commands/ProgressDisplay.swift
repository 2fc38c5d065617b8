import Experiments
import Foundation

/// Shows the progress of a run: on a terminal in place, else a line for each cell that begins or ends and one a minute.
final class ProgressDisplay {
    private var board: ProgressBoard
    private let isTerminal = Console.shared.isTerminal
    private let interval: Double
    private var lastShown = Date()

    /// For the cells of a plan that are left to run, `atOnce` at a time.
    ///
    /// - Parameter isTemporary: whether they run elsewhere than in the plan's folder, and are gone afterwards.
    init(_ plan: Plan<some Replication>, _ cells: [Cell], atOnce: Int, isTemporary: Bool = false) {
        let seconds = cells.map { ($0.id, plan.expectedSeconds(of: $0)) }
        board = ProgressBoard(expected: Dictionary(uniqueKeysWithValues: seconds), atOnce: atOnce)
        interval = isTerminal ? 0.1 : 60
        guard !cells.isEmpty else { return }
        let together = min(atOnce, cells.count)
        let time = ProgressBoard.time(seconds.reduce(0) { $0 + $1.1 } / Double(together))
        let count = "\(cells.count) cell\(cells.count == 1 ? "" : "s")"
        let place = isTemporary ? "" : " into \(plan.folder.url.path)"
        Console.shared.write("\(count)\(place)\(together > 1 ? ", \(together) at a time" : ""), about \(time)")
    }

    func show(_ progress: RunProgress) {
        let now = Date()
        if let line = board.note(progress, at: now) { Console.shared.write(line) }
        if case .started(let cell, _) = progress, !isTerminal { Console.shared.write("\(cell): begun") }
        guard now.timeIntervalSince(lastShown) >= interval else { return }
        lastShown = now
        if isTerminal {
            Console.shared.show(board.lines(width: Console.shared.width, at: now))
        } else {
            Console.shared.write(board.summary(at: now))
        }
    }

    /// Takes the lines of progress away.
    func end() { if isTerminal { Console.shared.show([]) } }
}

/// Progress on its way from a child process to its parent: a line of JSON after a record separator, among the lines of
/// messages on standard error.
package enum ProgressRelay {
    private static let mark = "\u{1E}"

    /// What a child does with its progress: five times a second, and whenever a phase or a cell begins or ends.
    static func sender() -> (RunProgress) -> Void {
        var last = Date.distantPast
        var phase: RunProgress.Phase?
        return { progress in
            if case .advanced(_, let now, _, _, _) = progress {
                guard now != phase || Date().timeIntervalSince(last) >= 0.2 else { return }
                phase = now
                last = Date()
            }
            if let line = line(of: progress) { Console.shared.relay(line + "\n") }
        }
    }

    /// The line that carries it; nil where JSON has no form of it, which no progress of a run is.
    package static func line(of progress: RunProgress) -> String? {
        let encoder = JSONEncoder()
        // Losses may leave the finite numbers.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return (try? encoder.encode(progress)).map { mark + String(decoding: $0, as: UTF8.self) }
    }

    /// What a line of a child says: its progress, or else a message to be shown as it is.
    package static func read(_ line: String) -> RunProgress {
        guard line.hasPrefix(mark) else { return .said(line) }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return (try? decoder.decode(RunProgress.self, from: Data(line.dropFirst().utf8))) ?? .said(line)
    }
}
