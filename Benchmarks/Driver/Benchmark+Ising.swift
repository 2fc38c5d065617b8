import EnergyModels
import Samplers
import Torch

// Ising models on tori: 2,000 chains of single-site heat-bath updates, and Gibbs-with-gradients.

extension Benchmark {
    static let ising: [Benchmark] = [
        gibbs("ising-gibbs-10", side: 10, sweeps: 100, isUniform: false),
        gibbs("ising-gibbs-50", side: 50, sweeps: 4, isUniform: false),
        gibbs("ising-uniform-10", side: 10, sweeps: 100, isUniform: true),
        gibbs("ising-uniform-50", side: 50, sweeps: 4, isUniform: true),
        gibbs(
            "ising-1e6-updates", side: 10, sweeps: 10_000, isUniform: true, bound: 0.01, rounds: 3,
            note:
                "10⁶ single-site updates of 2,000 chains, 10×10 torus; the peer, extrapolated from 2,000 updates, evaluates two dense "
                + "energies an update, as the released code of GWG does"),
        Benchmark(
            name: "gwg-25", bound: 0.1, operations: nil,
            note:
                "one Gibbs-with-gradients step of 256 chains, 25×25 torus, J 0.4; the peer takes its gradients by autograd over a dense J",
            prepare: {
                let model = try IsingModel.uniform(.squareTorus(side: 25), coupling: 0.4)
                var chains = try IsingGradientChains(model, count: 256, using: RandomGenerator(seed: 0))
                return { count in chains.advance(count) }
            }),
    ]

    private static let chains = 2000

    /// 2·10⁷ site updates unless said otherwise. The limit is the time that their random bits alone take: a byte each.
    private static func gibbs(
        _ name: String, side: Int, sweeps: Int, isUniform: Bool, bound: Double? = nil, rounds: Int? = nil,
        note: String? = nil
    ) -> Benchmark {
        let updates = sweeps * side * side
        let goal = isUniform ? "2·10⁹ a second, 10 ms" : "5·10⁸ a second, 40 ms"
        return Benchmark(
            name: name, bound: bound, operations: nil,
            note: (note
                ?? "2·10⁷ site updates: \(sweeps) sweeps of 2,000 chains, \(side)×\(side) torus, \(isUniform ? "one coupling" : "any couplings"); "
                + "goal \(goal); the peer, extrapolated from \(side == 10 ? 1000 : 20) updates, multiplies by a row of a dense J")
                + "; limit: drawing and storing one random byte an update",
            floor: { randomBytesSeconds(updates: updates) }, rounds: rounds ?? 5,
            prepare: {
                let graph = try Graph.squareTorus(side: side)
                let generator = RandomGenerator(seed: 0)
                let couplings = graph.edges.map { _ in isUniform ? 0.2 : Float(0.4 * generator.uniform()) }
                var chains = try IsingGibbsChains(
                    IsingModel(graph, couplings: couplings), count: chains, using: generator)
                return { count in for _ in 0..<count { chains.sweep(sweeps) } }
            })
    }

    /// The least of several: a random byte for each of that many updates of 2,000 chains.
    private static func randomBytesSeconds(updates: Int) -> Double {
        (0..<5).map { _ in seconds { drawRandomBytes(updates: updates) } }.min()!
    }

    /// Draws and stores the random byte that each heat-bath update begins with, 64 chains side by side, and does nothing
    /// else: what the sampler would take if the rest were free.
    private static func drawRandomBytes(updates: Int) {
        let (blocks, ring) = ((chains + 63) / 64, 128)
        var bytes = [SIMD8<UInt64>](repeating: .zero, count: blocks * ring)
        bytes.withUnsafeMutableBufferPointer { bytes in
            let bytes = bytes.baseAddress!
            parallelFor(blocks) { _, range in
                for block in range {
                    func words(_ n: Int) -> SIMD8<UInt64> {
                        SIMD8((0..<8).map { splitmix(UInt64(block), 8 * n + $0) })
                    }
                    var lanes = XoshiroLanes(s0: words(0), s1: words(1), s2: words(2), s3: words(3))
                    for update in 0..<updates { bytes[block * ring + update % ring] = lanes.next() }
                }
            }
        }
    }
}
