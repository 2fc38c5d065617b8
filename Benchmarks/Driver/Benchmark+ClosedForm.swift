import EnergyModels
import Objectives
import Torch

extension Benchmark {
    /// Ratio matching of a dense spin machine: the closed form beside the energies of flipped copies; and of a
    /// restricted Boltzmann machine of MNIST's size, the kernel of all flips beside the softplus of each flip and unit.
    static let closedForm = [
        Benchmark(
            name: "rm-closed-d625", bound: 0.1, operations: 2 * 2 * 256.0 * 625 * 625,
            note:
                "loss and gradients of exact ratio matching, 625 spins, batch 256, closed form; in the peer's place our generic path, "
                + "all flips as copies",
            rounds: 3, prepare: { try ratioMatching { $0 } }, beside: { try ratioMatching { GenericFlips($0) } }),
        Benchmark(
            name: "rm-rbm-d784", bound: nil, operations: 7 * 100.0 * 784 * 500,
            note:
                "loss and gradients of exact ratio matching, RBM of 784 and 500 units, batch 100; seven operations a flip and a unit, of which the "
                + "division limits; in the peer's place our own form by softplus, 49 flips at a time",
            rounds: 3, prepare: { restricted(.exact) }, beside: { restricted(.exactInChunks(of: 49)) }),
    ]

    private static func restricted(_ estimator: RatioMatching.Estimator) -> (Int) -> Void {
        let generator = RandomGenerator(seed: 0)
        let machine = RestrictedBoltzmannMachine(visible: 784, hidden: 500, using: generator)
        let x = Tensor.integers([100, 784], 0..<2, using: generator).converted(to: .float32)
        return { count in
            for _ in 0..<count {
                let (loss, _) = try! RatioMatching(estimator).lossAndGradients(machine, x, using: generator)
                _ = loss.item()
            }
        }
    }

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
