import Datasets
import EnergyModels
import Experiments
import Foundation
import ReplicationShared
import Samplers
import Torch

extension OuRBM: Sampleable {
    /// Binary images, black and white, by block Gibbs steps from coin flips.
    public func draw(_ request: DrawRequest, from trained: TrainedCell<OuRBM>) throws -> DrawnSamples {
        guard let power = Int(exactly: request.inverseTemperature), power >= 1 else {
            throw RunError(
                "β is \(request.inverseTemperature): a machine of p^β is one for whole numbers from 1")
        }
        let configuration = trained.configuration
        let side = configuration.data == .mnist ? MNIST.side : configuration.side
        let machine = RestrictedBoltzmannMachine(
            visible: side * side, hidden: configuration.hidden, using: RandomGenerator(seed: 0))
        try trained.checkpoint.restore(machine.parameters)
        let raised = power == 1 ? machine : machine.raised(toPower: power)
        let drawn = try request.bits(of: raised, "block Gibbs steps from coin flips", steps: configuration.sampleSteps)
        {
            BlockGibbs(steps: 1).moved(hidden: raised, from: $0, using: $1)
        }
        let images = try ImageSet(
            name: "samples of \(trained.cell.id)", shape: ImageShape(channels: 1, height: side, width: side),
            pixels: drawn.bits.array(UInt8.self).map { $0 * 255 })
        return DrawnSamples(.images(images), diagnostics: drawn.diagnostics)
    }
}
