import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

/// Two samplers that have nothing in common but the target: single spins from their conditional distributions, and
/// Wolff's clusters.
@Suite struct ClusterTests {
    /// Means over chains of the energy and of |m| = |Σ s|/d with their standard errors, from independent chains.
    private func observables(_ points: Tensor, _ model: IsingModel) -> [(mean: Double, error: Double)] {
        let magnetisation = (2 * points - 1).mean(1).abs()
        return [model.evaluate(points), magnetisation].map {
            let values = $0.converted(to: .float64)
            return (values.mean().item(), (values.variance().item() / Double(values.count)).squareRoot())
        }
    }

    private func torus(_ side: Int, _ coupling: Float) throws -> IsingModel {
        try .uniform(.squareTorus(side: side), coupling: coupling)
    }

    /// 2¹⁶ states of the 4 × 4 torus, critical and ordered; 5 standard errors of 4,096 chains.
    @Test(arguments: [Float(0.4407), 0.5])
    func bothAgreeWithEnumeration(coupling: Float) throws {
        let model = try torus(4, coupling)
        let states = allStates(16, dtype: .float32)
        let energies = model.evaluate(states)
        let p = Tensor(boltzmannProbabilities(energies.array()))
        let exact = [energies, (2 * states - 1).mean(1).abs()].map { ($0.converted(to: .float64) * p).sum().item() }
        let start = Tensor.zeros([4096, 16])
        var clusters = try IsingClusterChains(model, count: 4096, from: start, using: RandomGenerator(seed: 1))
        clusters.advance(60)
        var spins = try IsingGibbsChains(model, count: 4096, from: start, using: RandomGenerator(seed: 2))
        spins.sweep(1000)
        for points in [clusters.points, spins.points] {
            for (found, expected) in zip(observables(points, model), exact) {
                #expect(abs(found.mean - expected) < 5 * found.error)
                #expect(found.error < 0.02 * abs(expected))
            }
        }
    }

    /// The 8 × 8 torus. Wolff's chains have forgotten where they began after some tens of clusters; the heat bath's
    /// relax in about L^2.17 ≈ 90 sweeps at the critical point, so they are given 2,000, and as many in the ordered
    /// phase, where |m| needs no change of sign. 5 standard errors of the difference.
    @Test(arguments: [Float(0.4407), 0.5])
    func clustersAndSingleSpinsAgree(coupling: Float) throws {
        let model = try torus(8, coupling)
        var clusters = try IsingClusterChains(model, count: 2048, using: RandomGenerator(seed: 3))
        clusters.advance(120)
        var spins = try IsingGibbsChains(
            model, count: 2048, from: .ones([2048, 64]), scan: .coloured, using: RandomGenerator(seed: 4))
        spins.sweep(2000)
        for (a, b) in zip(observables(clusters.points, model), observables(spins.points, model)) {
            let error = (a.error * a.error + b.error * b.error).squareRoot()
            #expect(abs(a.mean - b.mean) < 5 * error)
            #expect(error < 0.02 * abs(a.mean))
        }
    }

    @Test func whatClustersCannotTakeIsNamed() throws {
        let graph = try Graph(siteCount: 3, edges: [(0, 1), (1, 2)])
        func error(_ couplings: [Float], _ fields: [Float]) throws -> SamplingError? {
            let model = try IsingModel(graph, couplings: couplings, fields: fields)
            do { _ = try IsingClusterChains(model, count: 1, using: RandomGenerator(seed: 1)) } catch {
                return error as? SamplingError
            }
            return nil
        }
        #expect(try error([1, -0.5], [0, 0, 0]) == .negativeCoupling(-0.5, Graph.Edge(1, 2)))
        #expect(try error([1, 0.5], [0, 0.1, 0]) == .clusterField(0.1, site: 1))
        #expect(try error([1, 0], [0, 0, 0]) == nil)
    }
}
