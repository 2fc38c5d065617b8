import CTorch

/// An explicit source of random numbers: a Mersenne twister on the processor, Philox on a GPU. Every draw names its
/// generator; there is no global one.
///
///     let generator = RandomGenerator(seed: 7)
///     let noise = Tensor.normal([128, 2], using: generator)
///     let saved = generator.state          // … and later:
///     try generator.restore(saved)
///
/// On the processor its stream is PyTorch's: a generator of seed s draws what PyTorch draws after `manual_seed(s)`.
public final class RandomGenerator {
    private let handle: ct_generator
    public let device: Device

    public init(seed: UInt64, device: Device = .cpu) {
        guard let handle = ct_generator_create(seed, device.code) else { refused("RandomGenerator") }
        self.handle = handle
        self.device = device
    }

    /// A generator for one purpose among several that share a seed: the seeds of different streams are mixed from seed
    /// and name, so that no stream's draws depend on how much another has drawn.
    public convenience init(seed: UInt64, stream: String, device: Device = .cpu) {
        self.init(seed: Self.seed(seed, stream: stream), device: device)
    }

    deinit { ct_generator_free(handle) }

    /// FNV-1a over the name, then the finalizer of splitmix64 (Steele, Lea, Flood 2014) over name and seed.
    public static func seed(_ seed: UInt64, stream: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        var z = hash &+ seed &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// The whole state, as bytes.
    public var state: [UInt8] { wrap(ct_generator_state(handle)).array() }

    /// Goes on from a saved state.
    ///
    /// - Throws: `RandomStateError` where the bytes are no state of such a generator; it is then as it was.
    public func restore(_ state: [UInt8]) throws {
        let bytes = Tensor(state)
        let status = withExtendedLifetime(bytes) { ct_generator_set_state(handle, bytes.pointer) }
        if status != 0 { throw RandomStateError(reason: String(cString: ct_last_error())) }
    }

    /// One raw draw of 64 bits; on the processor only.
    public func next() -> UInt64 { ct_generator_random64(handle) }

    /// A double uniform on [0, 1), of 53 random bits.
    public func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    // Draws into existing tensors.

    /// In place: uniform on [low, high).
    public func fillUniform(_ x: Tensor, low: Double = 0, high: Double = 1) {
        succeed(ct_uniform_(x.pointer, low, high, handle))
    }

    /// In place: normal.
    public func fillNormal(_ x: Tensor, mean: Double = 0, standardDeviation: Double = 1) {
        succeed(ct_normal_(x.pointer, mean, standardDeviation, handle))
    }

    /// In place: exponential with rate 1.
    public func fillExponential(_ x: Tensor) { succeed(ct_exponential_(x.pointer, handle)) }

    /// In place: whole numbers uniform on [low, high).
    public func fillIntegers(_ x: Tensor, _ range: Range<Int>) {
        succeed(ct_random_(x.pointer, Int64(range.lowerBound), Int64(range.upperBound), handle))
    }

    /// Zeros and ones of the shape and type of p: 1 with probability p, 0 where p is NaN: that a training left the
    /// finite numbers is for its loss to say, not for a draw on the way to it.
    public func bernoulli(_ p: Tensor) -> Tensor { wrap(ct_bernoulli(p.pointer, handle)) }

    /// int64 indices [rows, count], drawn in proportion to non-negative weights [rows, categories].
    public func multinomial(_ weights: Tensor, count: Int, replacement: Bool) -> Tensor {
        wrap(ct_multinomial(weights.pointer, Int64(count), replacement, handle))
    }

    /// A uniform permutation of 0 ..< n, int64.
    public func permutation(_ n: Int) -> Tensor { wrap(ct_permutation(Int64(n), device.code, handle)) }
}

/// A saved generator state that cannot be restored.
public struct RandomStateError: Error, CustomStringConvertible {
    public let reason: String
    public var description: String { "not a saved random generator state: \(reason)" }
}

extension Tensor {
    /// Uniform on [low, high).
    public static func uniform(
        _ shape: [Int], low: Double = 0, high: Double = 1, dtype: DType = .float32, using generator: RandomGenerator
    ) -> Tensor {
        let x = empty(shape, dtype: dtype, device: generator.device)
        generator.fillUniform(x, low: low, high: high)
        return x
    }

    /// Standard normal.
    public static func normal(_ shape: [Int], dtype: DType = .float32, using generator: RandomGenerator) -> Tensor {
        let x = empty(shape, dtype: dtype, device: generator.device)
        generator.fillNormal(x)
        return x
    }

    /// Whole numbers uniform on the range.
    public static func integers(
        _ shape: [Int], _ range: Range<Int>, dtype: DType = .int64, using generator: RandomGenerator
    ) -> Tensor {
        let x = empty(shape, dtype: dtype, device: generator.device)
        generator.fillIntegers(x, range)
        return x
    }
}
