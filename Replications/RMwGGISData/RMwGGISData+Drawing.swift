import Datasets
import EnergyModels
import Experiments
import ReplicationShared
import Samplers
import Torch

extension RMwGGISData: Sampleable {
    /// Bits by Gibbs sweeps from coin flips; points of the plane where those were learnt from.
    public func draw(_ request: DrawRequest, from trained: TrainedCell<RMwGGISData>) throws -> DrawnSamples {
        let data = try BinaryData(trained.configuration)
        let model = energy(
            trained.setting, trained.configuration, data,
            RandomGenerator(seed: trained.cell.seed, stream: "initialisation"))
        try trained.checkpoint.restore(model.parameters)
        let drawn = try bits(of: model, request, steps: trained.configuration.gibbsSweeps)
        let bits = drawn.bits.array(UInt8.self)
        let samples: Samples =
            try data.code.map { .points(try $0.points(of: bits)) }
            ?? .bits(BinaryBatch(bits: bits, dimension: data.dimension))
        return DrawnSamples(.samples(samples), diagnostics: drawn.diagnostics)
    }

    private func bits(
        of model: some BinaryEnergyModel, _ request: DrawRequest, steps: Int
    ) throws -> (bits: Tensor, diagnostics: String) {
        let sampler = GibbsSampler(inverseTemperature: request.inverseTemperature)
        return try request.bits(of: model, "Gibbs sweeps from coin flips", steps: steps) {
            sampler.sample(model, from: $0, sweeps: 1, using: $1)
        }
    }
}
