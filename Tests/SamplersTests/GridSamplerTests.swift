import EnergyModels
import Foundation
import Samplers
import Testing
import Torch

@Suite struct GridSamplerTests {
    /// Mean and covariance of 200,000 draws of a tilted Gaussian, by cells that are longer than high, within five
    /// standard errors; uniform places within a cell add a twelfth of its squared sides to the variances.
    @Test func momentsAreTheDensitys() throws {
        let (mean, covariance) = ([0.5, -1.0], [0.6, 0.25, 0.3])
        let density = try GaussianDensity(
            mean: Tensor(mean),
            covariance: Tensor([covariance[0], covariance[1], covariance[1], covariance[2]], shape: [2, 2]))
        let grid = try QuadratureGrid(x: -4.5...5.5, y: -5...2, columns: 20, rows: 20)
        let n = 200_000
        let x = try GridSampler(density, on: grid).sample(n, dtype: .float64, using: RandomGenerator(seed: 1))
        #expect(x.shape == [n, 2] && x.dtype == .float64)
        let expected = [covariance[0] + 0.5 * 0.5 / 12, covariance[2] + 0.35 * 0.35 / 12]
        let found = x.mean(0).array(Double.self)
        let centred = x - Tensor(mean)
        let second = centred.transposed().matmul(centred).array(Double.self).map { $0 / Double(n) }
        for axis in 0..<2 {
            #expect(abs(found[axis] - mean[axis]) < 5 * (expected[axis] / Double(n)).squareRoot(), "\(found)")
            // The fourth moment of a normal: Var = 2σ⁴/n.
            #expect(
                abs(second[3 * axis] - expected[axis]) < 5 * expected[axis] * (2 / Double(n)).squareRoot(), "\(second)")
        }
        let spread = (expected[0] * expected[1] + covariance[1] * covariance[1]).squareRoot()
        #expect(abs(second[1] - covariance[1]) < 5 * spread / Double(n).squareRoot(), "\(second)")
    }

    @Test func energiesThatAreNotNumbersAreRefused() throws {
        let model = EnergyModels.GaussianEnergy(dimension: 2)
        withoutGradients { model.mean.fill(.nan) }
        let grid = try QuadratureGrid(x: -1...1, y: -1...1, columns: 4, rows: 4)
        #expect(throws: NonFiniteQuantity("energy")) { try GridSampler(model, on: grid) }
    }
}
