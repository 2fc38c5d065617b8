import Glibc

/// NumPy's legacy `RandomState`: the Mersenne Twister MT19937 and the distributions that NumPy froze with it.
///
/// ```swift
/// var r = NumPyRandomState(seed: 1023)
/// let u = r.randomSample()              // numpy.random.RandomState(1023).random_sample()
/// let z = r.standardNormal()            // … .randn()
/// let saved = r.state                   // … .get_state()
/// r = try NumPyRandomState(state: saved)
/// ```
///
/// The same calls in the same order give the same integers as NumPy 2 and the same floating-point numbers up to the
/// last digit of `log` in the C library. NumPy guarantees this stream for good (NEP 19), which makes it the one to
/// replay released code with.
///
/// Source of the generator: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998),
/// doi:10.1145/272991.272995.
public struct NumPyRandomState: Sendable, Equatable {
    /// The Twister's 624 words. They are advanced all at once, when the last one has been used.
    private var key: [UInt32]
    /// Index of the next unused word; 624 when all are used.
    private var position: Int
    /// The polar method makes two normal numbers at a time: the second waits here.
    private var cachedGaussian: Double?

    private static let wordCount = 624
    private static let middle = 397

    /// A generator seeded as `RandomState(seed)` and `numpy.random.seed(seed)` are by an integer:
    ///
    ///     k₀ = seed;  kᵢ = 1812433253·(kᵢ₋₁ ⊕ (kᵢ₋₁ ≫ 30)) + i  (mod 2³²)
    public init(seed: UInt32) {
        key = [UInt32](unsafeUninitializedCapacity: Self.wordCount) { words, count in
            var word = seed
            for i in 0..<Self.wordCount {
                words[i] = word
                word = 1_812_433_253 &* (word ^ (word >> 30)) &+ UInt32(i + 1)
            }
            count = Self.wordCount
        }
        position = Self.wordCount
        cachedGaussian = nil
    }

    /// A generator seeded as `RandomState(key)` is by an array, and Python's `random.Random(seed)` by the array of the
    /// seed's 32-bit words: the reference code's `init_by_array`, which stirs the state of seed 19650218.
    /// - Precondition: the key is not empty and has at most 624 words.
    public init(key words: [UInt32]) {
        precondition(1...Self.wordCount ~= words.count, "a key of \(words.count) words")
        self.init(seed: 19_650_218)
        let n = Self.wordCount
        var (i, j) = (1, 0)
        func mixed(_ factor: UInt32) -> UInt32 { key[i] ^ ((key[i - 1] ^ (key[i - 1] >> 30)) &* factor) }
        func advance() {
            i += 1
            if i == n { (key[0], i) = (key[n - 1], 1) }
        }
        for _ in 0..<n {
            key[i] = mixed(1_664_525) &+ words[j] &+ UInt32(j)
            advance()
            j = (j + 1) % words.count
        }
        for _ in 0..<n - 1 {
            key[i] = mixed(1_566_083_941) &- UInt32(i)
            advance()
        }
        key[0] = 0x8000_0000
    }

    // MARK: - Raw words

    /// The next 32 random bits.
    public mutating func nextUInt32() -> UInt32 {
        if position == Self.wordCount { twist() }
        var y = key[position]
        position += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9d2c_5680
        y ^= (y << 15) & 0xefc6_0000
        y ^= y >> 18
        return y
    }

    /// The next 64 random bits: two words, the first of them high.
    public mutating func nextUInt64() -> UInt64 {
        let high = UInt64(nextUInt32())
        return high << 32 | UInt64(nextUInt32())
    }

    /// Advances all words. With y the top bit of kᵢ joined to the other 31 bits of kᵢ₊₁ (indices modulo 624):
    ///
    ///     kᵢ ← kᵢ₊₃₉₇ ⊕ (y ≫ 1) ⊕ (y odd ? 0x9908b0df : 0)
    private mutating func twist() {
        key.withUnsafeMutableBufferPointer { k in
            func mixed(_ upper: UInt32, _ lower: UInt32) -> UInt32 {
                let y = (upper & 0x8000_0000) | (lower & 0x7fff_ffff)
                return (y >> 1) ^ ((0 &- (y & 1)) & 0x9908_b0df)
            }
            let n = Self.wordCount
            let m = Self.middle
            for i in 0..<(n - m) { k[i] = k[i + m] ^ mixed(k[i], k[i + 1]) }
            for i in (n - m)..<(n - 1) { k[i] = k[i + m - n] ^ mixed(k[i], k[i + 1]) }
            k[n - 1] = k[m - 1] ^ mixed(k[n - 1], k[0])
        }
        position = 0
    }

    // MARK: - Distributions

    /// A uniform number in [0, 1) of 53 random bits (`random_sample`, `rand`): (a·2²⁶ + b)/2⁵³ from a word's top 27 and
    /// the next one's top 26 bits.
    public mutating func randomSample() -> Double {
        let a = Double(nextUInt32() >> 5)
        let b = Double(nextUInt32() >> 6)
        return (a * 67_108_864 + b) / 9_007_199_254_740_992
    }

    /// A uniform number in [low, high) (`uniform`).
    public mutating func uniform(_ low: Double = 0, _ high: Double = 1) -> Double {
        low + (high - low) * randomSample()
    }

    /// A standard normal number (`randn`, `standard_normal`) by Marsaglia's polar method. For (x₁, x₂) uniform in the
    /// unit disc, r² = x₁² + x₂²,
    ///
    ///     f = √(−2 log r² / r²)
    ///
    /// it returns f·x₂, and f·x₁ at the next call.
    public mutating func standardNormal() -> Double {
        if let second = cachedGaussian {
            cachedGaussian = nil
            return second
        }
        var x1: Double
        var x2: Double
        var r2: Double
        repeat {
            x1 = 2 * randomSample() - 1
            x2 = 2 * randomSample() - 1
            r2 = x1 * x1 + x2 * x2
        } while r2 >= 1 || r2 == 0
        let f = (-2 * log(r2) / r2).squareRoot()
        cachedGaussian = f * x1
        return f * x2
    }

    /// A normal number (`normal`).
    /// - Parameter standardDeviation: not negative.
    public mutating func normal(_ mean: Double = 0, _ standardDeviation: Double = 1) -> Double {
        mean + standardDeviation * standardNormal()
    }

    /// A uniform integer in 0 ..< bound (`randint(bound)` with its default type, and the index that `shuffle` draws).
    ///
    /// Words (two joined where bound − 1 takes more than 32 bits) are cut to the bits of bound − 1 and rejected while
    /// they exceed it; a bound of 1 takes no word at all.
    /// - Parameter bound: at least 1.
    public mutating func randomInteger(below bound: Int) -> Int {
        precondition(bound >= 1, "randomInteger(below: \(bound)): the bound must be at least 1")
        let largest = UInt64(bound - 1)
        if largest == 0 { return 0 }
        let mask = UInt64.max >> UInt64(largest.leadingZeroBitCount)
        if largest <= UInt64(UInt32.max) {
            let largest = UInt32(largest)
            let mask = UInt32(truncatingIfNeeded: mask)
            var value: UInt32
            repeat { value = nextUInt32() & mask } while value > largest
            return Int(value)
        }
        var value: UInt64
        repeat { value = nextUInt64() & mask } while value > largest
        return Int(value)
    }

    /// Shuffles in place (`shuffle`): Fisher and Yates from the last element down to the second.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        for i in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(i, randomInteger(below: i + 1))
        }
    }

    /// The numbers 0 ..< count in random order (`permutation(count)`).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        shuffle(&order)
        return order
    }
}

// MARK: - Saving and restoring

extension NumPyRandomState {
    /// All that a generator's future depends on: the fields of NumPy's `get_state()`, in its order.
    public struct State: Sendable, Equatable, Codable {
        /// The 624 words of the Twister.
        public var key: [UInt32]
        /// Index of the next unused word, 0 ... 624.
        public var position: Int
        /// Whether `gaussian` holds the second number of a pair, to be returned next.
        public var hasGaussian: Bool
        /// The number that is kept; 0 where there is none.
        public var gaussian: Double

        public init(key: [UInt32], position: Int, hasGaussian: Bool, gaussian: Double) {
            self.key = key
            self.position = position
            self.hasGaussian = hasGaussian
            self.gaussian = gaussian
        }
    }

    /// The state to save.
    public var state: State {
        State(key: key, position: position, hasGaussian: cachedGaussian != nil, gaussian: cachedGaussian ?? 0)
    }

    /// A generator that continues where the saved one stood.
    /// - Throws: ``DatasetError/randomState(_:)`` if the key has not 624 words or the position lies outside 0 ... 624.
    public init(state: State) throws(DatasetError) {
        guard state.key.count == Self.wordCount else {
            throw .randomState("the key has \(state.key.count) words, and MT19937 has \(Self.wordCount)")
        }
        guard (0...Self.wordCount).contains(state.position) else {
            throw .randomState("position \(state.position) lies outside 0 ... \(Self.wordCount)")
        }
        key = state.key
        position = state.position
        cachedGaussian = state.hasGaussian ? state.gaussian : nil
    }
}
