import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

/// The sparse model against the dense oracle E = −½ sᵀJs − h·s and against its own energy alone; double precision.
@Suite struct IsingModelTests {
    private static func model(_ d: Int = 9, dtype: DType = .float64) throws -> IsingModel {
        let generator = RandomGenerator(seed: 1)
        let graph = try Graph.erdosRenyi(siteCount: d, meanDegree: 4, using: generator)
        return try IsingModel(
            graph, couplings: graph.edges.map { _ in Float(generator.uniform() - 0.4) },
            fields: (0..<d).map { _ in Float(generator.uniform() - 0.5) }, dtype: dtype)
    }

    @Test func energiesAreThoseOfTheMatrix() throws {
        let model = try Self.model()
        let oracle = SpinEnergy(coupling: model.couplingMatrix, field: model.fields.detached().copied())
        let x = allStates(9)
        #expect(deviation(model.evaluate(x), oracle.evaluate(x)) < 1e-14)
    }

    @Test func flipDifferencesAndGradientsAgreeWithTheEnergy() throws {
        let model = try Self.model()
        let x = allStates(9)[100..<120]
        let indices = Tensor.integers([20, 4], 0..<9, using: RandomGenerator(seed: 2))
        #expect(deviation(model.flipDifferences(x, at: nil), model.genericFlipDifferences(x, at: nil)) < 1e-14)
        #expect(deviation(model.flipDifferences(x, at: indices), model.genericFlipDifferences(x, at: indices)) < 1e-14)
        #expect(deviation(model.inputGradient(x), model.recordedInputGradient(x)) < 1e-14)
    }

    @Test func flipStatesFollowTheEnergy() throws {
        let model = try Self.model()
        let x = allStates(9)[37..<40]
        let (own, plain) = (model.flipState(x), GenericFlips(model).flipState(x))
        for (step, site) in [3, 0, 8, 3, 5, 1, 4].enumerated() {
            #expect(deviation(own.flipDifference(at: site), plain.flipDifference(at: site)) < 1e-13)
            let accepted = Tensor([step % 2, 1, (step + 1) % 2]).converted(to: .bool)
            own.flip(at: site, where: accepted)
            plain.flip(at: site, where: accepted)
        }
        #expect(own.x.array(Int.self) == plain.x.array(Int.self))
        #expect(x.array(Int.self) == allStates(9)[37..<40].array(Int.self))
    }

    /// ∂/∂J and ∂/∂h of a weighted sum of flip differences, by central differences of a function that is linear in
    /// them.
    @Test func parametersGradientsAgreeWithFiniteDifferences() throws {
        let model = try Self.model()
        let x = allStates(9)[200..<207]
        let weights = Tensor.normal([7, 9], dtype: .float64, using: RandomGenerator(seed: 3))
        func loss() -> Tensor {
            (model.flipDifferences(x, at: nil) * weights).squared().sum() + model.energy(x).squared().sum()
        }
        let found = gradients(of: loss(), withRespectTo: model.parameters.tensors)
        for (tensor, gradient) in zip(model.parameters.tensors, found) {
            let expected = withoutGradients { centralDifferences(at: tensor) { loss().item() } }
            #expect(deviation(gradient.array(), expected) < 1e-8)
        }
    }

    /// log p̃ = sᵀGs + b·s over ordered pairs, as released: σ on a lattice is J = 2σ.
    @Test func couplingsOfOrderedPairsAreDoubled() throws {
        let graph = try Graph.squareTorus(side: 3)
        let model = try IsingModel(
            graph, couplingsOfOrderedPairs: [Float](repeating: 0.25, count: 18),
            fields: [Float](repeating: 0.5, count: 9))
        #expect(model.couplings.array(Float.self) == [Float](repeating: 0.5, count: 18))
        let s = 2 * allStates(9, dtype: .float32) - 1
        let adjacency = try IsingModel.uniform(graph, coupling: 1).couplingMatrix
        let released = (s.matmul(adjacency * 0.25) * s).sum(1) + 0.5 * s.sum(1)
        #expect(deviation(model.evaluate(allStates(9, dtype: .float32)), -released) < 1e-6)
    }

    @Test func aMatrixGivesTheModelThatItCameFrom() throws {
        let model = try Self.model(dtype: .float32)
        let matrix = model.couplingMatrix.array(Float.self)
        let again = try IsingModel(matrix: matrix, siteCount: 9, fields: model.fields.array())
        #expect(again.couplingMatrix.array(Float.self) == matrix && Set(again.graph.edges) == Set(model.graph.edges))
        #expect(again.evaluate(allStates(9, dtype: .float32)).array(Float.self).count == 512)
    }

    @Test func whatIsNoModelIsNamed() throws {
        let graph = try Graph(siteCount: 3, edges: [(0, 1), (1, 2)])
        #expect(throws: CouplingError.edgeCouplingCount(1, edges: 2)) { try IsingModel(graph, couplings: [1]) }
        #expect(throws: CouplingError.fieldCount(2, sites: 3)) {
            try IsingModel(graph, couplings: [1, 1], fields: [0, 0])
        }
        #expect(throws: CouplingError.nonFiniteCoupling(row: 1, column: 2, .infinity)) {
            try IsingModel(graph, couplings: [1, .infinity])
        }
        #expect(throws: CouplingError.self) { try IsingModel(graph, couplings: [.nan, 1]) }
        #expect(throws: CouplingError.nonFiniteField(2, -.infinity)) {
            try IsingModel(graph, couplings: [1, 1], fields: [0, 0, -.infinity])
        }
        #expect(throws: CouplingError.asymmetric(row: 0, column: 1, 1, transposed: 2)) {
            try IsingModel(matrix: [0, 1, 2, 0], siteCount: 2)
        }
        #expect(throws: CouplingError.selfCoupling(1, 3)) { try IsingModel(matrix: [0, 1, 1, 3], siteCount: 2) }
        #expect(throws: CouplingError.self) { try IsingModel(matrix: [0, .nan, .nan, 0], siteCount: 2) }
        #expect(throws: CouplingError.asymmetric(row: 0, column: 1, 1, transposed: .infinity)) {
            try IsingModel(matrix: [0, 1, .infinity, 0], siteCount: 2)
        }
        #expect(throws: CouplingError.couplingCount(3, fields: 2)) { try IsingModel(matrix: [0, 1, 1], siteCount: 2) }
        #expect(throws: GraphError.siteCount(0)) { try IsingModel(matrix: [], siteCount: 0) }
        #expect(
            CouplingError.edgeCouplingCount(1, edges: 2).description == "1 couplings for 2 edges: each edge has one")
    }
}
