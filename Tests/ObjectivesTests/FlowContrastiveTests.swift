import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

@Suite struct FlowContrastiveTests {
    private let generator = RandomGenerator(seed: 81)

    /// A flow whose networks do something.
    private func flow(dimension: Int, couplings: Int = 4) -> CouplingFlow {
        let flow = CouplingFlow(
            dimension: dimension, couplings: couplings, hidden: [8], dtype: .float64, using: generator)
        withoutGradients {
            for tensor in flow.parameters.tensors {
                tensor.assign(0.5 * Tensor.normal(tensor.shape, dtype: .float64, using: generator))
            }
        }
        return flow
    }

    /// Back and forth, odd dimensions too; log |det| against the Jacobian by central differences.
    @Test(arguments: [2, 3, 5]) func theInverseAndItsDeterminant(d: Int) throws {
        let flow = flow(dimension: d)
        let z = Tensor.normal([6, d], dtype: .float64, using: generator)
        let (x, logDeterminant) = flow.forward(z)
        let back = flow.inverse(x.detached())
        #expect(deviation(back.z, z) < 1e-10 && deviation(back.logDeterminant, logDeterminant) < 1e-10)
        #expect(deviation(x, z) > 0.1)
        let point = z[0..<1].copied()
        let columns = (0..<d).map { i in
            centralDifferences(at: point) { flow.forward(point).x.detached().array(Double.self)[i] }
        }
        let jacobian = Tensor(columns.flatMap { $0 }, shape: [d, d])
        #expect(abs(jacobian.signAndLogDeterminant().logarithm.item() - logDeterminant.array(Double.self)[0]) < 1e-7)
    }

    /// ∫p = 1 over a wide box, and draws follow p: Pearson's statistic over 20 × 20 cells, 6 standard deviations.
    @Test func theDensityIsThatOfTheDraws() throws {
        let flow = flow(dimension: 2, couplings: 2)
        let x = flow.sample(20_000, dtype: .float64, using: generator)
        let reach = x.abs().max().item() * 1.3
        let grid = try QuadratureGrid(x: -reach...reach, y: -reach...reach, columns: 800, rows: 800)
        let p = try grid.energies(of: flow).array(Double.self).map { exp(-$0) * grid.cellArea }
        #expect(abs(p.reduce(0, +) - 1) < 1e-3)
        var masses = [Double](repeating: 0, count: 400)
        for (cell, mass) in p.enumerated() {
            let (row, column) = (cell / 32_000, cell % 800 / 40)
            masses[20 * row + column] += mass
        }
        let points = x.array(Double.self).map { (value: Double) -> Int in
            let share: Double = (value + reach) / (2 * reach)
            return min(19, max(0, Int(20 * share)))
        }
        let cells = (0..<20_000).map { (n: Int) -> Int in 20 * points[2 * n + 1] + points[2 * n] }
        #expect(chiSquareDeviation(cells, masses) < 6)
    }

    /// ∂J/∂θ and −∂J/∂φ, through draws and densities, against central differences.
    @Test func gradientsAreThoseOfFiniteDifferences() throws {
        let (flow, x) = (flow(dimension: 2, couplings: 2), Tensor.normal([9, 2], dtype: .float64, using: generator))
        let model = LearntNormalizer(
            ContinuousMLPEnergy(dimension: 2, hidden: [5], confinement: 0.5, dtype: .float64, using: generator))
        let objective = try FlowContrastive(dataToNoise: 0.5)
        let found = try objective.lossAndGradients(model, flow, x, using: RandomGenerator(seed: 2))
        func loss() -> Double { (try? objective.loss(model, flow, x, using: RandomGenerator(seed: 2)).item()) ?? .nan }
        #expect(abs(found.loss.item() - loss()) < 1e-13)
        for (parameter, gradient) in zip(model.parameters, found.model) {
            #expect(
                deviation(gradient.array(), centralDifferences(at: parameter.tensor, of: loss)) < 1e-7,
                "\(parameter.name)")
        }
        for (parameter, gradient) in zip(flow.parameters, found.flow) {
            #expect(
                deviation((-gradient).array(), centralDifferences(at: parameter.tensor, of: loss)) < 1e-7,
                "\(parameter.name)")
        }
    }

    /// Both learn a Gaussian: the model's precision and log Z, and the flow, whose divergence from the data falls, by
    /// quadrature.
    @Test func modelAndFlowLearnAGaussian() throws {
        let data = try GaussianDensity(
            mean: Tensor([0.7, -0.4]), covariance: Tensor([1, 0.5, 0.5, 0.8] as [Double], shape: [2, 2]))
        let gaussian = GaussianEnergy(dimension: 2, dtype: .float64)
        let model = LearntNormalizer(gaussian, initially: 1)
        let flow = CouplingFlow(dimension: 2, couplings: 4, hidden: [16], dtype: .float64, using: generator)
        let objective = try FlowContrastive()
        let (first, second) = (
            Adam(model.parameters, .init(learningRate: 0.02)), Adam(flow.parameters, .init(learningRate: 0.003))
        )
        for step in 0..<500 {
            if step == 350 { (first.settings.learningRate, second.settings.learningRate) = (0.004, 0.001) }
            let found = try objective.lossAndGradients(
                model, flow, data.sample(512, dtype: .float64, using: generator), using: generator)
            first.update(found.model)
            second.update(found.flow)
        }
        let grid = try QuadratureGrid(x: -6...6, y: -6...6, columns: 120, rows: 120)
        func divergence(_ q: some EnergyModel) throws -> Double {
            let (logP, energies) = (data.logDensity(grid.points(dtype: .float64)), try grid.energies(of: q))
            return grid.cellArea * (logP.exp() * (logP + energies)).sum().item()
                + (try grid.logPartitionFunction(of: q))
        }
        let start = try divergence(GaussianDensity(dimension: 2, standardDeviation: 1))
        #expect(try divergence(gaussian) < 0.02 && divergence(flow) < 0.1 * start)
        #expect(abs(model.logPartitionFunction.item() - gaussian.logPartitionFunction.item()) < 0.1)
    }

    /// Scales that compound beyond float32: the inverse is lost, and that is said before a loss is formed.
    @Test func aLostInverseIsNamed() throws {
        let flow = CouplingFlow(dimension: 2, couplings: 60, hidden: [4], using: generator)
        withoutGradients { for layers in flow.networks { layers.last!.bias.assign(Tensor([40, 1] as [Float])) } }
        let x = Tensor.normal([4, 2], using: generator)
        let model = LearntNormalizer(GaussianEnergy(dimension: 2))
        #expect(throws: FlowInversionError.self) {
            try FlowContrastive().lossAndGradients(model, flow, x, using: generator)
        }
        #expect(throws: ObjectiveSettingError.self) { try FlowContrastive(dataToNoise: 0) }
    }
}
