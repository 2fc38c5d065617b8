/// The SHA-256 digest (FIPS 180-4) of bytes that come in parts, for the checksums that stand beside results. Written
/// out here because the cryptography packages that have it would each take longer to build than the rest of the suite.
///
/// ```swift
/// var digest = SHA256()
/// digest.update(pixels)
/// digest.hexadecimal      // as sha256sum prints it
/// ```
public struct SHA256: Sendable {
    private var state: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
    )
    /// Bytes of a block that is not yet full.
    private var pending: [UInt8] = []
    private var byteCount: UInt64 = 0

    public init() {}

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount += UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let missing = rest.prefix(64 - pending.count)
            pending += missing
            rest = rest.dropFirst(missing.count)
            guard pending.count == 64 else { return }
            let block = pending
            block.withUnsafeBytes { compress($0.baseAddress!, blocks: 1) }
            pending.removeAll(keepingCapacity: true)
        }
        let blocks = rest.count / 64
        if blocks > 0 { compress(UnsafeRawBufferPointer(rebasing: rest).baseAddress!, blocks: blocks) }
        pending += rest.dropFirst(64 * blocks)
    }

    /// The digest of what has come so far, 64 hexadecimal digits.
    public var hexadecimal: String {
        var last = self
        let bits = byteCount &* 8
        // A one bit, zeros up to 8 bytes below a whole block, the number of bits.
        let zeros = (119 - Int(byteCount % 64)) % 64
        last.update(
            [0x80] + [UInt8](repeating: 0, count: zeros)
                + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
        let (a, b, c, d, e, f, g, h) = last.state
        return [a, b, c, d, e, f, g, h].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    /// The digest of some bytes.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        var digest = SHA256()
        digest.update(bytes)
        return digest.hexadecimal
    }

    /// Section 6.2.2 of the standard, for each block: 64 words from the block's 16, then as many rounds.
    private mutating func compress(_ bytes: UnsafeRawPointer, blocks: Int) {
        Self.constants.withUnsafeBufferPointer { constants in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
                for block in 0..<blocks {
                    for t in 0..<16 {
                        w[t] = UInt32(
                            bigEndian: bytes.loadUnaligned(fromByteOffset: 64 &* block &+ 4 &* t, as: UInt32.self))
                    }
                    for t in 16..<64 {
                        let s0 = rotated(w[t &- 15], 7) ^ rotated(w[t &- 15], 18) ^ (w[t &- 15] &>> 3)
                        let s1 = rotated(w[t &- 2], 17) ^ rotated(w[t &- 2], 19) ^ (w[t &- 2] &>> 10)
                        w[t] = w[t &- 16] &+ s0 &+ w[t &- 7] &+ s1
                    }
                    var (a, b, c, d, e, f, g, h) = state
                    for t in 0..<64 {
                        let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
                        let choice = (e & f) ^ (~e & g)
                        let t1 = h &+ s1 &+ choice &+ constants[t] &+ w[t]
                        let s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
                        let majority = (a & b) ^ (a & c) ^ (b & c)
                        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ s0 &+ majority)
                    }
                    state = (
                        state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e, state.5 &+ f,
                        state.6 &+ g, state.7 &+ h
                    )
                }
            }
        }
    }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = {
        var primes: [UInt32] = []
        var candidate: UInt32 = 2
        while primes.count < 64 {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes.map(cubeRootFraction)
    }()

    /// ⌊2³² ∛p⌋ modulo 2³²: the largest r with r³ ≤ 2⁹⁶ p, found bit by bit in whole numbers.
    private static func cubeRootFraction(_ p: UInt32) -> UInt32 {
        let target = UInt128(p) << 96
        var root: UInt128 = 0
        for bit in (0..<35).reversed() {
            let larger = root | (1 << UInt128(bit))
            if larger * larger * larger <= target { root = larger }
        }
        return UInt32(truncatingIfNeeded: root)
    }
}

private func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { (word &>> bits) | (word &<< (32 &- bits)) }
