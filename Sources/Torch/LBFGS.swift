/// Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) with a line search that meets the
/// weak Wolfe conditions by bisection (Lewis and Overton 2013, algorithm 2.6): for smooth functions without noise, such
/// as exact objectives of small models.
///
///     let result = LBFGS().minimize(model.parameters.tensors) {
///         let loss = exactLoss(model)
///         return (loss.item(), gradients(of: loss, withRespectTo: model.parameters.tensors))
///     }
public struct LBFGS: Sendable {
    /// How many pairs of steps and gradient changes are remembered.
    public var memory: Int
    public var maximumIterations: Int
    /// Stops where no element of the gradient is larger.
    public var gradientTolerance: Double

    public init(memory: Int = 10, maximumIterations: Int = 500, gradientTolerance: Double = 1e-9) {
        require(memory > 0 && maximumIterations > 0, "L-BFGS of memory \(memory), \(maximumIterations) iterations")
        self.memory = memory
        self.maximumIterations = maximumIterations
        self.gradientTolerance = gradientTolerance
    }

    /// Where the search ended.
    public struct Result: Sendable, Equatable {
        public var loss: Double
        public var iterations: Int
        /// Whether the gradient met the tolerance; else the line search found nothing lower, or the iterations ran out.
        public var converged: Bool
    }

    /// Changes the parameters, in place, to a local minimum of `lossAndGradients`, which is called with them in place.
    public func minimize(
        _ parameters: [Tensor], _ lossAndGradients: () throws -> (loss: Double, gradients: [Tensor])
    ) rethrows -> Result {
        func evaluate(_ x: [Double]) throws -> (loss: Double, gradient: [Double]) {
            Self.scatter(x, to: parameters)
            let (loss, found) = try lossAndGradients()
            return (loss, Self.gather(found))
        }
        var x = Self.gather(parameters)
        var (loss, gradient) = try evaluate(x)
        var history: [(step: [Double], change: [Double])] = []
        for iteration in 0..<maximumIterations {
            if gradient.allSatisfy({ abs($0) <= gradientTolerance }) {
                return Result(loss: loss, iterations: iteration, converged: true)
            }
            let direction = Self.direction(gradient, history)
            let slope = Self.dot(direction, gradient)

            // The weak Wolfe conditions: enough descent, and a slope that has risen enough.
            var (low, high, length) = (
                0.0, Double.infinity, history.isEmpty ? min(1, 1 / Self.dot(gradient, gradient).squareRoot()) : 1
            )
            var found: (x: [Double], loss: Double, gradient: [Double])?
            for _ in 0..<60 {
                let next = zip(x, direction).map { $0 + length * $1 }
                let there = try evaluate(next)
                // Near the minimum the descent is lost in the loss's rounding: that much is let pass.
                if !(there.loss <= loss + 1e-4 * length * slope + 1e-14 * abs(loss)) {
                    high = length
                } else {
                    (low, found) = (length, (next, there.loss, there.gradient))
                    if Self.dot(there.gradient, direction) >= 0.9 * slope { break }
                }
                length = high.isFinite ? (low + high) / 2 : 2 * low
            }
            guard let found else {
                Self.scatter(x, to: parameters)
                return Result(loss: loss, iterations: iteration, converged: false)
            }
            let step = zip(found.x, x).map { $0 - $1 }
            let change = zip(found.gradient, gradient).map { $0 - $1 }
            if Self.dot(step, change) > 0 {
                history.append((step, change))
                if history.count > memory { history.removeFirst() }
            }
            (x, loss, gradient) = found
        }
        Self.scatter(x, to: parameters)
        return Result(
            loss: loss, iterations: maximumIterations, converged: gradient.allSatisfy { abs($0) <= gradientTolerance })
    }

    /// −H g by the two-loop recursion.
    private static func direction(_ gradient: [Double], _ history: [(step: [Double], change: [Double])]) -> [Double] {
        var q = gradient
        var alphas: [Double] = []
        for (step, change) in history.reversed() {
            let alpha = dot(step, q) / dot(step, change)
            alphas.append(alpha)
            for i in q.indices { q[i] -= alpha * change[i] }
        }
        if let (step, change) = history.last {
            let scale = dot(step, change) / dot(change, change)
            for i in q.indices { q[i] *= scale }
        }
        for ((step, change), alpha) in zip(history, alphas.reversed()) {
            let beta = dot(change, q) / dot(step, change)
            for i in q.indices { q[i] += (alpha - beta) * step[i] }
        }
        return q.map { -$0 }
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private static func gather(_ tensors: [Tensor]) -> [Double] { tensors.flatMap { $0.detached().array(Double.self) } }

    private static func scatter(_ x: [Double], to tensors: [Tensor]) {
        withoutGradients {
            var first = 0
            for tensor in tensors {
                tensor.assign(Tensor(Array(x[first..<first + tensor.count]), shape: tensor.shape))
                first += tensor.count
            }
        }
    }
}
