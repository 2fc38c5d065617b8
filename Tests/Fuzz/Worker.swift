import Datasets
import Experiments
import Figures
import Foundation
import Glibc
import HDF5
import Metrics

/// Damages inputs and reads them, until time is over or one shows a fault.
struct Worker {
    static let secondsPerCase: UInt32 = 30
    static let memoryPerCase = 2 << 30
    /// Beside the reader's own files: the input that is being read, and what was wrong where the process could still
    /// say so.
    static let copy = "input", note = "note"

    let reader: Reader
    let seed: UInt64
    private let progress: Int32
    private let input: [UInt8]?

    init(reader: Reader, seed: UInt64, progress path: String, input: String?) throws {
        (self.reader, self.seed) = (reader, seed)
        progress = open(path, O_WRONLY | O_CLOEXEC)
        guard progress >= 0 else { throw Failure(description: "\(path): cannot be written") }
        self.input = try input.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
    }

    func run(from first: Int, seconds: Double, only: Int?) throws {
        limitMemory()
        // Who starts this process may have blocked the signal that ends a hang.
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        let end = Date().addingTimeInterval(seconds)
        var state = Progress()
        var index = first
        repeat {
            (state.index, state.isRunning) = (Int64(index), 1)
            var random = SplitMix64(
                state: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03 &+ reader.number)
            let original = reader.corpus[random.below(reader.corpus.count)]
            let bytes = input ?? damaged(original, isText: reader.isText, others: reader.corpus, using: &random)
            try Data(bytes).write(to: reader.folder.appendingPathComponent(Self.copy))
            record(state)
            alarm(Self.secondsPerCase)
            try Data(bytes).write(to: reader.file)
            do {
                try reader.read(reader.file)
                if reader.isChecked, !reader.corpus.contains(bytes) {
                    fault("is read, though its checksum is not that of its bytes")
                }
                state.read += 1
            } catch {
                if let wrong = complaint(error) { fault(wrong) }
                state.refused += 1
                state.caught += Self.isCaught(error) ? 1 : 0
            }
            alarm(0)
            state.cases += 1
            index += 1
            state.index = Int64(index)
            record(state)
        } while Date() < end && only == nil && input == nil
    }

    private func record(_ state: Progress) {
        withUnsafeBytes(of: state) { _ = pwrite(progress, $0.baseAddress, $0.count, 0) }
    }

    private func fault(_ what: String) -> Never {
        try? Data(what.utf8).write(to: reader.folder.appendingPathComponent(Self.note))
        exit(3)
    }

    /// What is wrong with a refusal; nil where nothing is.
    private func complaint(_ error: any Error) -> String? {
        let text = "\(error)"
        switch error {
        case is RunError, is ConfigurationError, is HDF5Error, is ImageError, is DataFileError, is GraphDataError,
            is IDXError,
            is FigureError,
            is MetricError, is DatasetError:
            break
        default: return "is refused by an error of another kind, \(type(of: error)): \(text)"
        }
        guard
            !text.contains(where: {
                $0 != "\n" && $0.unicodeScalars.contains { $0.properties.generalCategory == .control }
            })
        else {
            return "is refused with control characters: \(text)"
        }
        if reader.namesFile, !text.contains(reader.file.lastPathComponent) {
            return "is refused without its name: \(text)"
        }
        return text.count <= 20_000 ? nil : "is refused in \(text.count) characters: \(text.prefix(200))…"
    }

    private static func isCaught(_ error: any Error) -> Bool {
        let text = "\(error)"
        return text.contains("HDF5's library crashes") || text.contains("HDF5's library comes to no end")
    }

    /// Memory beside what the process has now is limited: where more is asked for, the process ends.
    private func limitMemory() {
        let pages =
            (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").first.flatMap {
                UInt($0)
            } ?? 0
        let most = pages * UInt(sysconf(Int32(_SC_PAGESIZE))) + UInt(Self.memoryPerCase)
        var limit = rlimit(rlim_cur: most, rlim_max: most)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }
}

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014).
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 ..< bound.
    mutating func below(_ bound: Int) -> Int { Int(next() >> 1) % bound }
}

/// One to four damages of an input: bits, bytes, whole numbers at their extremes, parts cut off, left out, doubled, or
/// of another input; of a text also its numbers, and brackets without end.
func damaged(_ original: [UInt8], isText: Bool, others: [[UInt8]], using random: inout SplitMix64) -> [UInt8] {
    var bytes = original
    for _ in 0...random.below(4) {
        guard !bytes.isEmpty else { break }
        let place = random.below(bytes.count)
        let rest = bytes.count - place
        switch random.below(isText ? 10 : 8) {
        case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF, 0x1B, UInt8(random.below(256))][random.below(7)]
        case 3, 4:
            let size = [1, 2, 4, 8][random.below(4)]
            let extremes: [UInt64] = [
                0, 1, .max, .max >> 1, .max >> 33, 1 << 31, 1 << 40, UInt64(bytes.count), UInt64(bytes.count) + 1, 8,
            ]
            let value = extremes[random.below(extremes.count)]
            let isBig = random.below(2) == 0
            for i in 0..<min(size, rest) {
                bytes[place + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (isBig ? size - 1 - i : i)))
            }
        case 5: bytes.removeLast(random.below(bytes.count))
        case 6: bytes.removeSubrange(place..<place + random.below(min(rest, 64)))
        case 7:
            let other = others[random.below(others.count)]
            let start = random.below(other.count)
            let part = other[start..<start + random.below(min(other.count - start, 256))]
            if random.below(2) == 0 {
                bytes.insert(contentsOf: part, at: place)
            } else {
                bytes.replaceSubrange(place..<place + min(rest, part.count), with: part)
            }
        case 8:
            guard let digit = bytes[place...].firstIndex(where: { 0x30...0x39 ~= $0 }) else { continue }
            let end = bytes[digit...].firstIndex { !(0x30...0x39 ~= $0) } ?? bytes.count
            let numbers = [
                "-1", "0", "1e999", "-1e999", "nan", "9223372036854775807", "18446744073709551616", "1e-400", "0.5",
                "1000000", "~", "\"a\"",
            ]
            bytes.replaceSubrange(digit..<end, with: numbers[random.below(numbers.count)].utf8)
        default:
            let texts = ["[", "{", "\u{1B}[31m", "\"", "\n", "&a [*a]", "\u{202E}", "null", ": ", ","]
            let text = texts[random.below(texts.count)]
            bytes.insert(
                contentsOf: Array(String(repeating: text, count: random.below(3) == 0 ? 20_000 : 1).utf8), at: place)
        }
    }
    return bytes
}
