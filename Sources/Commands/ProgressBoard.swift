import Experiments
import Foundation

/// What there is to say of cells while they run: a line for each of those that run and one for the whole.
///
/// It renders nothing by itself: `note` takes what happens and when, `lines` gives the text for a width.
package struct ProgressBoard {
    /// A cell that runs.
    private struct Running {
        let position: Int
        let start: Date
        /// The iterations that were behind it when it began here.
        let restored: Int
        var phase = RunProgress.Phase.training
        var (done, total) = (0, 0)
        /// When the phase began, and how far the cell was then. Training goes on where an evaluation within it ends.
        var phaseStart: Date
        var firstDone: Int
        var latest: RunProgress.Quantity?

        init(position: Int, start: Date, restored: Int) {
            (self.position, self.start, self.restored) = (position, start, restored)
            (phaseStart, firstDone, done) = (start, restored, restored)
        }

        mutating func advance(_ phase: RunProgress.Phase, _ done: Int, of total: Int, at now: Date) {
            if phase != self.phase {
                (phaseStart, firstDone) = phase == .training ? (start, restored) : (now, done)
            }
            (self.phase, self.done, self.total) = (phase, done, total)
        }

        /// Steps of the phase per second; nil before one is done.
        func rate(at now: Date) -> Double? {
            let seconds = now.timeIntervalSince(phaseStart)
            return done > firstDone && seconds > 0 ? Double(done - firstDone) / seconds : nil
        }
    }

    private let count: Int
    private let atOnce: Int
    /// The seconds that a cell is likely to take, by its id.
    private let expected: [String: Double]
    private var running: [(id: String, cell: Running)] = []
    private var waiting: Set<String>
    private var (begun, done, diverged) = (0, 0, 0)
    /// What the cells that have ended took and were likely to take.
    private var (taken, foreseen) = (0.0, 0.0)

    /// - Parameters:
    ///   - expected: the seconds that each cell is likely to take, by its id.
    ///   - atOnce: cells at a time.
    package init(expected: [String: Double], atOnce: Int) {
        (self.expected, self.atOnce, count) = (expected, max(1, atOnce), expected.count)
        waiting = Set(expected.keys)
    }

    /// Takes in what happened. The line, or lines, that are to be said of it once; nil where there is none.
    package mutating func note(_ progress: RunProgress, at now: Date) -> String? {
        switch progress {
        case .started(let id, let iteration):
            begun += 1
            waiting.remove(id)
            running.append((id, Running(position: begun, start: now, restored: iteration)))
            return iteration > 0 ? "\(place(id)) resumes after iteration \(iteration)" : nil
        case .advanced(let id, let phase, let done, let total, let latest):
            guard let index = running.firstIndex(where: { $0.id == id }) else { return nil }
            running[index].cell.advance(phase, done, of: total, at: now)
            running[index].cell.latest = latest ?? running[index].cell.latest
            return nil
        case .skipped(let cells):
            waiting.subtract(cells)
            done += cells.filter { expected[$0] != nil }.count
            return cells.count == 1 ? "\(cells[0]): has run already" : "\(cells.count) cells have run already"
        case .ended(let id, let isDiverged, let seconds, let headlines):
            let place = place(id)
            if let index = running.firstIndex(where: { $0.id == id }) {
                taken += now.timeIntervalSince(running[index].cell.start)
                foreseen += expected[id] ?? 0
                running.remove(at: index)
            }
            waiting.remove(id)
            done += 1
            if isDiverged { diverged += 1 }
            let values = headlines.map { "\($0.name) \(Self.number($0.value))" }.joined(separator: ", ")
            let time = seconds.map { " in \(Self.time($0))" } ?? ""
            return "\(place) \(isDiverged ? "diverged" : "done")\(time)\(values.isEmpty ? "" : ": ")\(values)"
        case .said(let line):
            return line
        }
    }

    /// A line for each cell that runs and one for the whole, of `width` characters at most.
    package func lines(width: Int, at now: Date) -> [String] {
        let cells = running.map { line(of: $0.id, $0.cell, width: width, at: now) }
        return cells + [Self.fit([whole(at: now)], width: width)]
    }

    /// The same in one line, for what is no terminal.
    package func summary(at now: Date) -> String {
        let cells = running.map { line(of: $0.id, $0.cell, width: .max, at: now) }
        return ([whole(at: now)] + cells).joined(separator: "; ")
    }

    /// `[3/12] id`.
    private func place(_ id: String) -> String {
        let position = running.first { $0.id == id }?.cell.position
        return (position.map { "[\($0)/\(count)] " } ?? "") + id
    }

    private func line(of id: String, _ cell: Running, width: Int, at now: Date) -> String {
        var step = cell.phase.rawValue
        if cell.total > 0 { step += " \(cell.done)/\(cell.total)" }
        var parts = ["[\(cell.position)/\(count)]", id, step]
        if let left = secondsLeft(of: id, cell, at: now) { parts.append("\(Self.time(left)) left") }
        if let latest = cell.latest { parts.append("\(latest.name) \(Self.number(latest.value))") }
        if let rate = cell.rate(at: now) { parts.append("\(Self.number(rate))/s") }
        return Self.fit(parts, width: width)
    }

    private func whole(at now: Date) -> String {
        var text = "\(done) of \(count) cells done"
        if diverged > 0 { text += ", \(diverged) diverged" }
        if let left = secondsLeft(at: now) { text += ", \(Self.time(left)) left" }
        return text
    }

    /// By the rate of the phase, and by what the cell was likely to take where it counts no steps.
    private func secondsLeft(of id: String, _ cell: Running, at now: Date) -> Double? {
        if cell.total > 0, let rate = cell.rate(at: now) { return Double(cell.total - cell.done) / rate }
        guard foreseen > 0, let likely = expected[id] else { return nil }
        let left = likely * taken / foreseen - now.timeIntervalSince(cell.start)
        return left > 0 ? left : nil
    }

    /// The cells that wait take what they were likely to, times what the others took beyond that.
    private func secondsLeft(at now: Date) -> Double? {
        let lefts = running.map { secondsLeft(of: $0.id, $0.cell, at: now) ?? 0 }
        var pace = foreseen > 0 ? taken / foreseen : nil
        if pace == nil, let (id, cell) = running.first, let left = secondsLeft(of: id, cell, at: now) {
            let likely = expected[id] ?? 0
            pace = likely > 0 ? (now.timeIntervalSince(cell.start) + left) / likely : nil
        }
        guard let pace else { return nil }
        let ahead = waiting.reduce(0) { $0 + (expected[$1] ?? 0) } * pace
        let together = max(1, min(atOnce, running.count + waiting.count))
        return max(lefts.max() ?? 0, (lefts.reduce(0, +) + ahead) / Double(together))
    }

    /// Joins parts by two spaces within a width: the second, a name, is shortened in its middle to twelve characters at
    /// least; then the last parts are left out, then the line is cut.
    private static func fit(_ parts: [String], width: Int) -> String {
        var parts = parts
        func length() -> Int { parts.reduce(2 * (parts.count - 1)) { $0 + $1.count } }
        if parts.count > 1, length() > width, parts[1].count > 12 {
            let keep = max(12, parts[1].count - (length() - width))
            if keep < parts[1].count { parts[1] = "\(parts[1].prefix((keep - 1) / 2))…\(parts[1].suffix(keep / 2))" }
        }
        while parts.count > 3, length() > width { parts.removeLast() }
        return String(parts.joined(separator: "  ").prefix(width))
    }

    private static func number(_ value: Double) -> String { String(format: "%.4g", value) }

    /// `42 s`, `7 min`, `3.5 h` or `days`.
    package static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<100: String(format: "%.0f s", seconds)
        case ..<6000: String(format: "%.0f min", seconds / 60)
        case ..<360_000: String(format: "%.1f h", seconds / 3600)
        default: "days"
        }
    }
}
