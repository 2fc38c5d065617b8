import Foundation
import Torch

/// A normalising flow of affine couplings (Dinh, Sohl-Dickstein and Bengio 2017): x = f_m ∘ … ∘ f₁(z), z ~ N(0, I).
/// Each coupling keeps one half a of the coordinates and maps the other by a network of the first,
///
///     b′ = b ⊙ e^{s(a)} + t(a),   log |det| = Σ s(a)
///
/// so that log p(x) = log N(z; 0, I) − Σ log |det| is exact (Xu 2022, section 3.1), and draws can be differentiated in
/// the parameters. The halves take turns. s is kept within ±`logScaleLimit` by a tanh.
///
/// In finite precision a flow can lose its inverse, where scales compound: `validateInverse` finds that out.
public struct CouplingFlow: Density {
    public let dimension: Int
    /// The networks, coupling by coupling, each from one half to s and t of the other.
    public let networks: [[Linear]]
    /// The largest |s| of a coupling.
    public static let logScaleLimit = 3.0

    /// The last layer of each network starts at 0: the flow begins as the identity.
    ///
    /// - Parameters:
    ///   - dimension: d ≥ 2.
    ///   - couplings: m ≥ 1; two are needed to move all coordinates.
    ///   - hidden: the widths of each network's hidden layers, at least one.
    public init(
        dimension: Int, couplings: Int, hidden: [Int], dtype: DType = .float32, using generator: RandomGenerator
    ) {
        require(
            dimension >= 2 && couplings >= 1 && !hidden.isEmpty,
            "a flow of \(couplings) couplings \(hidden) in dimension \(dimension)")
        self.dimension = dimension
        let first = dimension / 2
        networks = (0..<couplings).map { index in
            let kept = index.isMultiple(of: 2) ? first : dimension - first
            let layers = [Linear](widths: [kept] + hidden + [2 * (dimension - kept)], dtype: dtype, using: generator)
            withoutGradients { for tensor in layers.last!.parameters.tensors { tensor.fill(0) } }
            return layers
        }
    }

    /// `coupling1.layer1.weight`, …
    public var parameters: Parameters {
        networks.enumerated().flatMap { c, layers in
            layers.enumerated().map { l, layer in layer.parameters.prefixed("coupling\(c + 1).layer\(l + 1)") }
        }.reduce(Parameters([]), +)
    }

    /// s and t of a coupling, each [batch, moved].
    private func scaleAndShift(_ layers: [Linear], _ kept: Tensor) -> (logScale: Tensor, shift: Tensor) {
        let h = layers.dropLast().reduce(kept) { $1($0).silu() }
        let out = layers.last!(h)
        let moved = out.size(1) / 2
        let limit = Self.logScaleLimit
        let raw = out.narrowed(1, start: 0, length: moved)
        return ((raw / limit).tanh() * limit, out.narrowed(1, start: moved, length: moved))
    }

    /// Kept and moved coordinates of a coupling.
    private func halves(_ x: Tensor, coupling: Int) -> (kept: Tensor, moved: Tensor) {
        let first = dimension / 2
        let (low, high) = (
            x.narrowed(1, start: 0, length: first), x.narrowed(1, start: first, length: dimension - first)
        )
        return coupling.isMultiple(of: 2) ? (low, high) : (high, low)
    }

    private func joined(kept: Tensor, moved: Tensor, coupling: Int) -> Tensor {
        .concatenated(coupling.isMultiple(of: 2) ? [kept, moved] : [moved, kept], along: 1)
    }

    /// f(z), [batch, d], and log |det ∂f/∂z|, [batch]; recorded.
    public func forward(_ z: Tensor) -> (x: Tensor, logDeterminant: Tensor) {
        var (x, sum) = (z, Tensor.zeros([z.size(0)], dtype: z.dtype, device: z.device))
        for (index, layers) in networks.enumerated() {
            let (kept, moved) = halves(x, coupling: index)
            let (logScale, shift) = scaleAndShift(layers, kept)
            x = joined(kept: kept, moved: moved * logScale.exp() + shift, coupling: index)
            sum = sum + logScale.sum(1)
        }
        return (x, sum)
    }

    /// f⁻¹(x), [batch, d], and log |det ∂f/∂z| there, [batch]; recorded.
    public func inverse(_ x: Tensor) -> (z: Tensor, logDeterminant: Tensor) {
        var (z, sum) = (x, Tensor.zeros([x.size(0)], dtype: x.dtype, device: x.device))
        for (index, layers) in networks.enumerated().reversed() {
            let (kept, moved) = halves(z, coupling: index)
            let (logScale, shift) = scaleAndShift(layers, kept)
            z = joined(kept: kept, moved: (moved - shift) * (-logScale).exp(), coupling: index)
            sum = sum + logScale.sum(1)
        }
        return (z, sum)
    }

    public func logDensity(_ x: Tensor) -> Tensor {
        let (z, logDeterminant) = inverse(x)
        return -0.5 * z.squared().sum(1) - logDeterminant - 0.5 * Double(dimension) * log(2 * Double.pi)
    }

    /// Draws as functions of the parameters: recorded for gradients.
    public func recordedSample(_ count: Int, using generator: RandomGenerator) -> Tensor {
        forward(.normal([count, dimension], dtype: dtype, using: generator)).x
    }

    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        withoutGradients { recordedSample(count, using: generator).converted(to: dtype) }
    }

    /// - Throws: `FlowInversionError` where f(f⁻¹(x)) is further from x than `tolerance` (relative to 1 + |x|), or not
    ///   finite.
    public func validateInverse(at x: Tensor, tolerance: Double = 1e-2) throws(FlowInversionError) {
        let error = withoutGradients {
            let there = inverse(x.detached()).z
            return ((forward(there).x - x).abs() / (1 + x.abs())).max().item()
        }
        guard error <= tolerance else { throw FlowInversionError(error: error, tolerance: tolerance) }
    }
}

/// A flow that has lost its inverse to rounding or overflow, so that its density means nothing.
public struct FlowInversionError: LeftFiniteNumbers, Equatable, CustomStringConvertible {
    public var quantity: String { "flow's inverse" }

    /// The largest |f(f⁻¹(x)) − x| / (1 + |x|) seen; NaN where the flow overflows.
    public let error: Double
    public let tolerance: Double

    public var description: String {
        "the flow is no longer invertible in numbers: x comes back within \(error) of itself, more than \(tolerance); "
            + "lower its learning rate, or compute in float64"
    }
}
