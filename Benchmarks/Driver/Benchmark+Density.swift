import EnergyModels
import Objectives
import Samplers
import Torch

extension Benchmark {
    /// An energy of the plane, MLP 2–128–128–1 with SiLU: a step of sliced score matching, and Langevin chains.
    static let density = [
        Benchmark(
            name: "score-matching-sliced", bound: 0.6,
            // Forward and twice backward, values with first and second derivatives along a direction.
            operations: 2 * 3 * 3 * 1024 * 128.0 * 128,
            note: "loss, gradients, Adam; batch 1,024, one Rademacher direction a point, MLP 2–128–128–1",
            prepare: {
                let (model, x, generator) = planar()
                return training(model, x, try ScoreMatching(.sliced(.rademacher)), using: generator)
            }),
        Benchmark(
            name: "langevin-2d", bound: 0.6, operations: 100 * 2 * 2 * 1024 * 128.0 * 128,
            note: "100 Langevin steps of 1,024 chains, MLP 2–128–128–1",
            prepare: {
                let (model, x, generator) = planar()
                let (dynamics, frozen) = (try LangevinDynamics.eulerMaruyama(timeStep: 0.01), model.frozen())
                return { count in
                    for _ in 0..<count { _ = try! dynamics.run(frozen, from: x, steps: 100, using: generator) }
                }
            }),
        trace(
            "score-matching-exact-d256", .exact, beside: .hutchinson(.rademacher),
            note: "the Hessian's exact trace; in the peer's place Hutchinson's, one direction a point"),
        trace(
            "score-matching-hutchinson-d256", .hutchinson(.rademacher),
            note: "the Hessian's trace along one direction a point"),
    ]

    /// A step of score matching at d = 256 in a process whose memory is measured, beside another estimator of ours.
    private static func trace(
        _ name: String, _ estimator: ScoreMatching.Estimator, beside: ScoreMatching.Estimator? = nil, note: String
    ) -> Benchmark {
        func steps(_ estimator: ScoreMatching.Estimator) -> @Sendable () throws -> (Int) -> Void {
            {
                let generator = RandomGenerator(seed: 0)
                let model = ContinuousMLPEnergy(dimension: 256, hidden: [128, 128], using: generator)
                let x = Tensor.normal([128, 256], using: generator)
                return training(model, x, try ScoreMatching(estimator), using: generator)
            }
        }
        return Benchmark(
            name: name, bound: nil, operations: nil,
            note: "loss, gradients, Adam; batch 128, MLP 256–128–128–1; " + note, memoryBound: 1 << 29,
            prepare: steps(estimator), hasPeer: beside != nil, beside: beside.map(steps))
    }

    private static func training(
        _ model: ContinuousMLPEnergy, _ x: Tensor, _ objective: ScoreMatching, using generator: RandomGenerator
    ) -> (Int) -> Void {
        let adam = Adam(model.parameters, .init(learningRate: 1e-3))
        return { count in
            for _ in 0..<count {
                let (loss, found) = try! objective.lossAndGradients(model, x, using: generator)
                adam.update(found)
                _ = loss.item()
            }
        }
    }

    private static func planar() -> (model: ContinuousMLPEnergy, x: Tensor, generator: RandomGenerator) {
        let generator = RandomGenerator(seed: 0)
        let model = ContinuousMLPEnergy(dimension: 2, hidden: [128, 128], using: generator)
        return (model, Tensor.normal([1024, 2], using: generator), generator)
    }
}
