import EnergyModels
import Objectives
import Torch

extension Benchmark {
    /// Ratio matching of a dense spin machine: the closed form beside the energies of flipped copies.
    static let closedForm = [
        Benchmark(
            name: "rm-closed-d625", bound: 0.1, operations: 2 * 2 * 256.0 * 625 * 625,
            note: "loss and gradients of exact ratio matching, 625 spins, batch 256, closed form; in the peer's place our generic path, "
                + "all flips as copies",
            rounds: 3, prepare: { try ratioMatching { $0 } }, beside: { try ratioMatching { GenericFlips($0) } })
    ]

    private static func ratioMatching(_ form: (BoltzmannMachine) -> some BinaryEnergyModel) throws -> (Int) -> Void {
        let generator = RandomGenerator(seed: 0)
        let (batch, d) = (256, 625)
        let machine = BoltzmannMachine(dimension: d, alphabet: .spins)
        machine.parameters.assign(
            Parameters([("couplings", 0.02 * Tensor.normal([d, d], using: generator)), ("fields", .zeros([d]))]))
        let model = form(machine)
        let x = Tensor.integers([batch, d], 0..<2, using: generator).converted(to: .float32)
        return { count in
            for _ in 0..<count {
                let (loss, _) = try! RatioMatching(.exact).lossAndGradients(model, x, using: generator)
                _ = loss.item()
            }
        }
    }
}
