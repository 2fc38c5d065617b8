import EnergyModels
import Torch

/// One step of a Markov chain through tensors: where a batch of points goes from where it stands, which depends on
/// nothing else but the generator.
public protocol MarkovKernel {
    /// - Parameter x: points, shape [chains, d]; left as they are.
    func step(from x: Tensor, using generator: RandomGenerator) -> (x: Tensor, moves: Moves)

    /// - Throws: `SamplingError` for points that chains of this kernel cannot stand at.
    func validate(_ x: Tensor) throws
}

/// Chains that a `MarkovKernel` moves.
///
///     let chains = try KernelChains(GibbsWithGradients(model), from: start, using: generator)
///     let moves = chains.step()
///
/// They draw from the generator that they are given, and `state` holds that generator's.
public final class KernelChains<Kernel: MarkovKernel>: Chains {
    public let kernel: Kernel
    private var x: Tensor
    private let generator: RandomGenerator

    /// - Parameter start: points, shape [chains, d], in the model's type.
    /// - Throws: `SamplingError` where chains of this kernel cannot stand there.
    public init(_ kernel: Kernel, from start: Tensor, using generator: RandomGenerator) throws {
        try kernel.validate(start)
        (self.kernel, self.generator) = (kernel, generator)
        x = start.detached().copied()
    }

    public var count: Int { x.size(0) }
    public var points: Tensor { x.copied() }

    public func step() -> Moves {
        let (next, moves) = withoutGradients { kernel.step(from: x, using: generator) }
        x = next
        return moves
    }

    public var state: ChainState { ChainState(points: points, generator: generator.state) }

    public func restore(_ state: ChainState) throws {
        guard state.points.shape == x.shape else { throw SamplingError.shape(state.points.shape, expected: x.shape) }
        guard state.position == 0 else { throw SamplingError.position(state.position, sites: 1) }
        try kernel.validate(state.points)
        do { try generator.restore(state.generator) } catch { throw SamplingError.generator("\(error)") }
        x = state.points.converted(to: x.dtype).detached().copied()
    }
}

extension BinaryEnergyModel {
    /// - Throws: `SamplingError` unless x is zeros and ones [chains, d].
    func validateBits(_ x: Tensor) throws { _ = try SamplingError.bits(x, chains: nil, dimension: dimension) }
}

/// Which moves are accepted, `log r` being the logarithm of the Metropolis–Hastings ratio for each chain: those for
/// which u < r. A ratio that is not a number rejects.
func accepted(_ logRatio: Tensor, using generator: RandomGenerator) -> Tensor {
    Tensor.uniform(logRatio.shape, dtype: logRatio.dtype, using: generator) .< logRatio.exp()
}
