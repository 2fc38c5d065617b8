import EnergyModels
import Torch

/// Chains whose spins are moved one chain at a time: a row of spins ±1 and a generator for each.
struct SpinRows: Sendable {
    let count: Int
    let dimension: Int
    /// Chain by chain, and in each site by site.
    var spins: [Int8]
    /// Four words for each chain.
    var generators: [UInt64]

    /// From bits [count, d], or fair coins.
    init(count: Int, dimension: Int, from start: Tensor?, using generator: RandomGenerator) throws {
        require(count >= 1, "\(count) chains")
        (self.count, self.dimension) = (count, dimension)
        let bits = try start.map { try SamplingError.bits($0, chains: count, dimension: dimension) }
        let seed = generator.next()
        generators = (0..<4 * count).map { splitmix(seed, $0) }
        spins = [Int8](repeating: -1, count: count * dimension)
        if let bits {
            spins = bits.map { 2 * Int8($0) - 1 }
        } else {
            for chain in 0..<count {
                for site in 0..<dimension where withGenerator(chain, { $0.next() >> 63 }) == 1 {
                    spins[chain * dimension + site] = 1
                }
            }
        }
    }

    private mutating func withGenerator<Result>(_ chain: Int, _ body: (inout Xoshiro) -> Result) -> Result {
        generators.withUnsafeMutableBufferPointer { words in
            var generator = Xoshiro(words.baseAddress! + 4 * chain)
            defer { generator.save(to: words.baseAddress! + 4 * chain) }
            return body(&generator)
        }
    }

    /// Bits as float32, shape [count, d].
    var points: Tensor { Tensor(spins.map { Float(($0 + 1) / 2) }, shape: [count, dimension]) }

    var state: ChainState { ChainState(points: points, generator: SamplingError.bytes(generators)) }

    mutating func restore(_ state: ChainState) throws {
        let bits = try SamplingError.bits(state.points, chains: count, dimension: dimension)
        let words = try SamplingError.words(state.generator, count: generators.count) { words in
            stride(from: 0, to: words.count, by: 4).contains { words[$0..<$0 + 4].allSatisfy { $0 == 0 } }
        }
        guard state.position == 0 else { throw SamplingError.position(state.position, sites: 1) }
        spins = bits.map { 2 * Int8($0) - 1 }
        generators = words
    }

    /// Calls body with each chain's spins and generator, threads sharing the chains out, and adds up what it returns.
    mutating func forEachChain(
        _ body: (_ chain: Int, _ spins: UnsafeMutablePointer<Int8>, _ generator: inout Xoshiro) -> Moves
    ) -> Moves {
        let (count, d) = (count, dimension)
        var moves = [Moves](repeating: Moves(), count: count)
        spins.withUnsafeMutableBufferPointer { spins in
            generators.withUnsafeMutableBufferPointer { generators in
                moves.withUnsafeMutableBufferPointer { moves in
                    let (spins, generators, moves) = (spins.baseAddress!, generators.baseAddress!, moves.baseAddress!)
                    parallelFor(count) { _, chains in
                        for chain in chains {
                            var generator = Xoshiro(generators + 4 * chain)
                            moves[chain] = body(chain, spins + chain * d, &generator)
                            generator.save(to: generators + 4 * chain)
                        }
                    }
                }
            }
        }
        return moves.reduce(into: Moves()) { $0 += $1 }
    }
}

extension Xoshiro {
    init(_ words: UnsafePointer<UInt64>) { self.init(s0: words[0], s1: words[1], s2: words[2], s3: words[3]) }

    func save(to words: UnsafeMutablePointer<UInt64>) { (words[0], words[1], words[2], words[3]) = (s0, s1, s2, s3) }
}
