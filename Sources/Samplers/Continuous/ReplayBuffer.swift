import Torch

/// Where chains that are to be short start: mostly where earlier ones ended (Tieleman 2008; Du and Mordatch 2019,
/// arXiv:1903.08689; section 3.2.1 of Xu 2022).
///
///     let buffer = try ReplayBuffer(shape: [1, 28, 28], .init(), using: generator)
///     let start = buffer.draw(128, using: generator)
///     let end = try dynamics.run(model, from: start.points, steps: 100, using: generator).points
///     buffer.store(end, from: start)
///
/// Of the points drawn, each is fresh noise with probability `rejuvenationRate`, independently; the others come from
/// the buffer.
public final class ReplayBuffer {
    public struct Settings: Hashable, Sendable {
        /// How many points there is room for.
        public var capacity: Int
        /// R, the probability of fresh noise, 0 … 1. At 1 the buffer has no effect: chains start from noise.
        public var rejuvenationRate: Double
        /// Fresh noise is uniform on this range, in each coordinate.
        public var noise: ClosedRange<Double>
        public var start: Start
        public var slots: Slots
        public var writing: Writing

        /// With what the buffer begins.
        public enum Start: String, Hashable, Sendable, CaseIterable {
            /// Full of noise.
            case full
            /// Empty: whatever is asked of it beyond what it holds is noise, until stored points have filled it. Goes
            /// with `queue`.
            case empty
        }

        /// How the slots of a draw are chosen.
        public enum Slots: String, Hashable, Sendable, CaseIterable {
            case withReplacement
            /// No slot twice in a draw.
            case withoutReplacement
        }

        /// Where chains go back to.
        public enum Writing: String, Hashable, Sendable, CaseIterable {
            /// To the slot that was drawn for them, rejuvenated ones too; of several in one slot, the last stays.
            case inPlace
            /// Behind all others, the oldest making room.
            case queue
        }

        /// The defaults are those of the thesis, where it states them: 10,000 points, 25 %. The others are ours, after
        /// public code for similar networks: full of uniform noise, slots with replacement, back in place.
        public init(
            capacity: Int = 10_000, rejuvenationRate: Double = 0.25, noise: ClosedRange<Double> = -1...1,
            start: Start = .full,
            slots: Slots = .withReplacement, writing: Writing = .inPlace
        ) {
            (self.capacity, self.rejuvenationRate, self.noise) = (capacity, rejuvenationRate, noise)
            (self.start, self.slots, self.writing) = (start, slots, writing)
        }

        func validate() throws {
            guard capacity > 0 else { throw SamplingError("a replay buffer of \(capacity) points: at least 1") }
            guard (0...1).contains(rejuvenationRate) else {
                throw SamplingError("a rejuvenation rate of \(rejuvenationRate): it lies in 0 ... 1")
            }
            guard noise.lowerBound.isFinite, noise.upperBound.isFinite, noise.lowerBound < noise.upperBound else {
                throw SamplingError("noise on \(noise): a finite range that is not a point")
            }
            guard start == .full || writing == .queue else {
                throw SamplingError(
                    "a buffer that starts empty and is written in place never fills: take the queue, or start full")
            }
        }
    }

    /// Points drawn, and what storing needs to know of them.
    public struct Draw {
        /// Shape [n, …].
        public let points: Tensor
        /// How many of them are fresh noise.
        public let fresh: Int
        /// The slot that each came from, or for which it was made.
        let slots: [Int]
    }

    public let settings: Settings
    /// Shape [capacity, …]; slots from `count` on hold nothing of meaning. With `count` and `next` the whole state.
    public let points: Tensor
    /// How many slots are filled.
    public private(set) var count: Int
    /// The slot that the queue writes next.
    public private(set) var next = 0

    /// - Parameter shape: of one point.
    /// - Throws: `SamplingError` for settings out of range.
    public init(shape: [Int], _ settings: Settings, dtype: DType = .float32, using generator: RandomGenerator) throws {
        try settings.validate()
        self.settings = settings
        let whole = [settings.capacity] + shape
        switch settings.start {
        case .full: (points, count) = (Self.noise(whole, settings, dtype, generator), settings.capacity)
        case .empty: (points, count) = (.zeros(whole, dtype: dtype, device: generator.device), 0)
        }
    }

    private static func noise(_ shape: [Int], _ settings: Settings, _ dtype: DType, _ generator: RandomGenerator)
        -> Tensor
    {
        .uniform(shape, low: settings.noise.lowerBound, high: settings.noise.upperBound, dtype: dtype, using: generator)
    }

    /// Where n chains start; a copy. Draws n slots, n coins, and noise for those that are fresh.
    ///
    /// - Precondition: n is at least 1, and no larger than the capacity where slots are drawn without replacement.
    public func draw(_ n: Int, using generator: RandomGenerator) -> Draw {
        require(n > 0, "a draw of \(n) points")
        let slots: [Int]
        switch settings.slots {
        case .withReplacement:
            slots = Tensor.integers([n], 0..<max(1, count), using: generator).array()
        case .withoutReplacement:
            require(n <= settings.capacity, "\(n) slots of \(settings.capacity), none twice")
            // Those beyond what is filled are made anew.
            let order = generator.permutation(count).array(Int.self)
            slots = Array(order.prefix(n)) + Array(repeating: 0, count: max(0, n - count))
        }
        let held = settings.slots == .withReplacement ? (count > 0 ? n : 0) : min(n, count)
        let coins = Tensor.uniform([n], dtype: .float64, using: generator).array(Double.self)
        let fresh = (0..<n).filter { $0 >= held || coins[$0] < settings.rejuvenationRate }

        let drawn = points.indexSelected(0, Tensor(slots).moved(to: points.device))
        if !fresh.isEmpty {
            let noise = Self.noise([fresh.count] + points.shape.dropFirst(), settings, points.dtype, generator)
            drawn.assign(noise, along: 0, at: Tensor(fresh).moved(to: points.device))
        }
        return Draw(points: drawn, fresh: fresh.count, slots: slots)
    }

    /// Takes up where chains ended, in the order of the draw that they started from.
    public func store(_ ended: Tensor, from draw: Draw) {
        require(ended.shape == draw.points.shape, "chains of shape \(ended.shape) from a draw of \(draw.points.shape)")
        var slots = draw.slots
        if settings.writing == .queue {
            let kept = min(slots.count, settings.capacity)
            slots = Array(repeating: -1, count: slots.count - kept) + (0..<kept).map { (next + $0) % settings.capacity }
            next = (next + kept) % settings.capacity
            count = min(settings.capacity, count + kept)
        }
        // One writer a slot, so that what stays does not depend on how copies are shared out among threads.
        var last: [Int: Int] = [:]
        for (row, slot) in slots.enumerated() where slot >= 0 { last[slot] = row }
        let writers = last.sorted { $0.key < $1.key }
        let rows = ended.detached().indexSelected(0, Tensor(writers.map(\.value)).moved(to: points.device))
        points.assign(rows, along: 0, at: Tensor(writers.map(\.key)).moved(to: points.device))
    }

    /// Begins anew, as a new buffer would.
    public func reset(using generator: RandomGenerator) {
        next = 0
        guard settings.start == .full else { return count = 0 }
        generator.fillUniform(points, low: settings.noise.lowerBound, high: settings.noise.upperBound)
    }

    /// Goes on from a saved `points`, `count` and `next`.
    ///
    /// - Throws: `SamplingError` where they are not those of such a buffer; it is then as it was.
    public func restore(points saved: Tensor, count: Int, next: Int) throws {
        guard saved.shape == points.shape else {
            throw SamplingError("a saved buffer of shape \(saved.shape): this one is \(points.shape)")
        }
        guard (0...settings.capacity).contains(count), (0..<settings.capacity).contains(next),
            settings.start == .empty || count == settings.capacity
        else {
            throw SamplingError(
                "a saved buffer with \(count) points, next slot \(next): it has \(settings.capacity) slots")
        }
        points.assign(saved)
        (self.count, self.next) = (count, next)
    }
}
