import CTorch

/// Adam (Kingma and Ba, arXiv:1412.6980) with PyTorch's arithmetic, in libtorch's fused kernel. Weight decay is L2: it
/// is added to the gradient (this is not AdamW).
public final class Adam {
    public struct Settings: Sendable, Equatable {
        public var learningRate: Double
        public var beta1: Double
        public var beta2: Double
        public var epsilon: Double
        public var weightDecay: Double

        public init(
            learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
            weightDecay: Double = 0
        ) {
            self.learningRate = learningRate
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
        }
    }

    public let parameters: Parameters
    public var settings: Settings
    /// How many updates were made.
    public private(set) var updates = 0

    /// Running means of the gradients and of their squares, shaped as the parameters.
    public let firstMoments: [Tensor]
    public let secondMoments: [Tensor]
    private let step: Tensor

    public init(_ parameters: Parameters, _ settings: Settings) {
        self.parameters = parameters
        self.settings = settings
        firstMoments = parameters.map { .zeros(like: $0.tensor) }
        secondMoments = parameters.map { .zeros(like: $0.tensor) }
        step = .zeros([], device: parameters.first?.tensor.device ?? .cpu)
    }

    /// One update, in place, from gradients in the parameters' order and shapes.
    public func update(_ gradients: [Tensor]) {
        require(gradients.count == parameters.count, "\(gradients.count) gradients for \(parameters.count) parameters")
        updates += 1
        step.fill(Double(updates))
        let steps = [Tensor](repeating: step, count: gradients.count)
        withPointers(parameters.tensors) { parameters in
            withPointers(gradients) { gradients in
                withPointers(firstMoments) { first in
                    withPointers(secondMoments) { second in
                        withPointers(steps) { steps in
                            succeed(
                                ct_adam_(
                                    parameters, gradients, first, second, steps, Int32(firstMoments.count),
                                    settings.learningRate, settings.beta1, settings.beta2, settings.epsilon,
                                    settings.weightDecay))
                        }
                    }
                }
            }
        }
    }

    /// Goes on from saved moments, shaped as the parameters, after that many updates.
    public func restore(firstMoments: [Tensor], secondMoments: [Tensor], updates: Int) {
        let shapes = parameters.tensors.map(\.shape)
        require(firstMoments.map(\.shape) == shapes && secondMoments.map(\.shape) == shapes, "moments do not fit")
        for (mine, saved) in zip(self.firstMoments, firstMoments) { mine.assign(saved) }
        for (mine, saved) in zip(self.secondMoments, secondMoments) { mine.assign(saved) }
        self.updates = updates
    }
}

/// Scales gradients in place so that their joint Euclidean norm is at most `maxNorm`: by maxNorm / (norm + 10⁻⁶) where
/// that is below 1, as PyTorch does.
///
/// - Returns: the norm before, a tensor of one element.
@discardableResult
public func clipGradientNorm(_ gradients: [Tensor], to maxNorm: Double) -> Tensor {
    withPointers(gradients) { wrap(ct_clip_grad_norm_($0, Int32(gradients.count), maxNorm)) }
}
