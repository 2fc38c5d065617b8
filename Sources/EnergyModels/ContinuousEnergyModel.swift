import Torch

/// An energy over points of ℝ^d that can be differentiated twice in them: what score matching needs. The score is ∇ₓ
/// log p = −∇ₓE.
///
/// An energy function alone makes a model; the three functions of derivatives have defaults by the record of
/// operations, right for every model, and a model with closed forms has its own. Points have any shape [batch, …]; they
/// are constants to the results, which are recorded for gradients with respect to the parameters.
public protocol ContinuousEnergyModel: EnergyModel {
    /// ∇ₓE(x), of x's shape.
    func recordedGradient(_ x: Tensor) -> Tensor

    /// vᵀ∇ₓE(x) and vᵀ∇ₓ²E(x)v, each of shape [batch].
    ///
    /// - Parameter v: directions, constants of x's shape.
    func directionalDerivatives(_ x: Tensor, along v: Tensor) -> (first: Tensor, second: Tensor)

    /// ∇ₓE(x), of x's shape, and the trace of its Hessian, tr ∇ₓ²E(x), of shape [batch].
    func gradientAndLaplacian(_ x: Tensor) -> (gradient: Tensor, laplacian: Tensor)
}

extension ContinuousEnergyModel {
    public func recordedGradient(_ x: Tensor) -> Tensor {
        withGradients { differentiated(x.detached().copied().requiringGradient()) }
    }

    public func directionalDerivatives(_ x: Tensor, along v: Tensor) -> (first: Tensor, second: Tensor) {
        genericDirectionalDerivatives(x, along: v)
    }

    public func gradientAndLaplacian(_ x: Tensor) -> (gradient: Tensor, laplacian: Tensor) {
        (recordedGradient(x), replicatedLaplacian(x))
    }

    /// ∇ₓE by the record, to be differentiated again in x and in the parameters.
    private func differentiated(_ variable: Tensor) -> Tensor {
        gradients(of: energy(variable).sum(), withRespectTo: [variable], differentiable: true)[0]
    }

    /// `directionalDerivatives` by differentiating twice: right for every model.
    public func genericDirectionalDerivatives(_ x: Tensor, along v: Tensor) -> (first: Tensor, second: Tensor) {
        require(v.shape == x.shape, "directions of shape \(v.shape) at points of shape \(x.shape)")
        return withGradients {
            let variable = x.detached().copied().requiringGradient()
            let slope = (differentiated(variable) * v).sumOfEachPoint()
            // An energy that is linear in x and has no parameters leaves nothing to differentiate.
            guard slope.requiresGradient else { return (slope, .zeros(like: slope)) }
            let product = gradients(of: slope.sum(), withRespectTo: [variable], differentiable: true)[0]
            return (slope, (product * v).sumOfEachPoint())
        }
    }

    /// tr ∇ₓ²E(x) = Σᵢ eᵢᵀ∇ₓ²E(x)eᵢ, shape [batch], from copies of the points, one for each unit vector: right for
    /// every model.
    ///
    /// - Parameter rows: at most so many copies are differentiated at a time (but a whole batch at least).
    public func replicatedLaplacian(_ x: Tensor, rows: Int = 4096) -> Tensor {
        let (batch, d) = (x.size(0), x.count / Swift.max(x.size(0), 1))
        let atOnce = Swift.max(1, rows / Swift.max(batch, 1))
        let units = Tensor.identity(d, dtype: x.dtype, device: x.device)
        let flat = x.detached().reshaped([1, batch, d])
        return stride(from: 0, to: d, by: atOnce).map { first in
            let count = Swift.min(atOnce, d - first)
            let shape = [count * batch] + x.shape.dropFirst()
            let copies = flat.expanded([count, batch, d]).reshaped(shape)
            let directions = units[first..<first + count].unsqueezed(1).expanded([count, batch, d]).reshaped(shape)
            return genericDirectionalDerivatives(copies, along: directions).second.reshaped([count, batch]).sum(0)
        }.reduce(.zeros([batch], dtype: x.dtype, device: x.device)) { $0 + $1 }
    }
}

extension Tensor {
    /// The sum over all dimensions but the first, shape [batch].
    package func sumOfEachPoint() -> Tensor { reshaped([size(0), -1]).sum(1) }
}
