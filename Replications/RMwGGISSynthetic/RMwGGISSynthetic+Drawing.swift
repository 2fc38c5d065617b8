import Datasets
import Experiments
import ReplicationShared
import Samplers

extension RMwGGISSynthetic: Sampleable {
    /// Bits by Gibbs sweeps from coin flips.
    public func draw(_ request: DrawRequest, from trained: TrainedCell<RMwGGISSynthetic>) throws -> DrawnSamples {
        let model = Trial(
            setting: trained.setting, configuration: trained.configuration, seed: trained.cell.seed
        ).model()
        try trained.checkpoint.restore(model.parameters)
        let sampler = GibbsSampler(inverseTemperature: request.inverseTemperature)
        let drawn = try request.bits(
            of: model, "Gibbs sweeps from coin flips", steps: trained.configuration.gibbsSweeps
        ) { sampler.sample(model, from: $0, sweeps: 1, using: $1) }
        return DrawnSamples(
            .samples(.bits(BinaryBatch(bits: drawn.bits.array(UInt8.self), dimension: model.dimension))),
            diagnostics: drawn.diagnostics)
    }
}
