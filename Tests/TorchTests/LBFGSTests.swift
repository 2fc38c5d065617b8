import Testing
import Torch

@Suite struct LBFGSTests {
    /// Rosenbrock's valley, (1 − a)² + 100 (b − a²)², from (−1.2, 1): least at (1, 1).
    @Test func findsTheEndOfRosenbrocksValley() {
        let x = Tensor([-1.2, 1.0]).requiringGradient()
        let result = LBFGS().minimize([x]) {
            let (a, b) = (x[0], x[1])
            let loss = (1 - a).squared() + 100 * (b - a.squared()).squared()
            return (loss.item(), gradients(of: loss, withRespectTo: [x]))
        }
        #expect(result.converged && result.iterations < 60)
        // Where the gradient is below 10⁻⁹ the smallest curvature, 0.4, leaves 3·10⁻⁹.
        for value in x.detached().array(Double.self) { #expect(abs(value - 1) < 1e-8) }
    }

    /// ½ xᵀAx − b·x over two tensors: least at A⁻¹b.
    @Test func solvesAQuadraticOverSeveralTensors() {
        let generator = RandomGenerator(seed: 2)
        let m = Tensor.normal([7, 7], dtype: .float64, using: generator)
        let a = m.matmul(m.transposed()) + Tensor.identity(7, dtype: .float64)
        let b = Tensor.normal([7], dtype: .float64, using: generator)
        let (x, y) = (
            Tensor.zeros([4], dtype: .float64).requiringGradient(),
            Tensor.zeros([3], dtype: .float64).requiringGradient()
        )
        let result = LBFGS().minimize([x, y]) {
            let z = Tensor.concatenated([x, y])
            let loss = 0.5 * z.matmul(a.matmul(z)) - z.matmul(b)
            return (loss.item(), gradients(of: loss, withRespectTo: [x, y]))
        }
        let expected = a.solve(b).array(Double.self)
        let found = Tensor.concatenated([x, y]).detached().array(Double.self)
        #expect(result.converged)
        // A's smallest eigenvalue is at least 1.
        for (ours, theirs) in zip(found, expected) { #expect(abs(ours - theirs) < 1e-8) }
    }

    /// |x| has no minimum that a gradient finds: the search ends where nothing is lower, and says so.
    @Test func saysWhereItDidNotConverge() {
        let x = Tensor([0.7]).requiringGradient()
        let result = LBFGS(maximumIterations: 3).minimize([x]) {
            let loss = x.abs().sum()
            return (loss.item(), gradients(of: loss, withRespectTo: [x]))
        }
        #expect(!result.converged && result.loss < 0.7)
    }
}
