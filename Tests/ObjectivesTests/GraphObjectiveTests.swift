import EnergyModels
import Objectives
import Oracles
import Testing
import Torch

/// Objectives over the flips of graphs: losses, their gradients and estimates at given flips, by PyTorch in float64
/// (Golden/graph-energy.json). 10⁻¹⁰ relative is far above some thousand roundings.
@Suite struct GraphObjectiveTests {
    private let ratios: [(RatioFunction, String)] = [
        (.squared, "squared"), (.power(0.5), "power_half"), (.bounded, "bounded"),
    ]

    @Test func lossesAndGradientsAreTheGoldenOnes() throws {
        for expected in try GraphEnergyGolden.load().models.values {
            let network = expected.network()
            for graph in expected.graphs {
                let (model, generator) = (network.energy(nodes: graph.nodes), RandomGenerator(seed: 1))
                var found = try ratios.map { ratio, name in
                    (name, try RatioMatching(.exact, ratio: ratio).lossAndGradients(model, graph.x, using: generator))
                }
                found.append(
                    ("pseudo_likelihood", PseudoLikelihood().lossAndGradients(model, graph.x, using: generator)))
                for (name, (loss, gradients)) in found {
                    let golden = try #require(graph.losses[name])
                    #expect(abs(loss.item() - golden) < 1e-10 * max(1, golden), "\(name)")
                    let norms = gradients.map { $0.norm().item() }
                    #expect(deviation(norms, try #require(graph.parameterGradientL2[name])) < 1e-10, "\(name)")
                }
            }
        }
    }

    @Test func estimatesAtGivenFlipsAreTheGoldenOnes() throws {
        for expected in try GraphEnergyGolden.load().models.values {
            let network = expected.network()
            for graph in expected.graphs {
                let model = network.energy(nodes: graph.nodes)
                let flips = Tensor(graph.estimatesAtFlips.flips, shape: [1, 10])
                for (ratio, name) in ratios {
                    let golden = try #require(graph.estimatesAtFlips.values[name])
                    for (estimator, estimate) in [
                        (.uniform(flips: 10), "uniform"), (.gradientGuided(flips: 10), "basic"),
                        (.gradientGuidedUnweighted(flips: 10), "advanced"),
                    ] as [(RatioMatching.Estimator, String)] {
                        let objective = RatioMatching(estimator, ratio: ratio)
                        let proposal = objective.logProposal(model, graph.x)
                        if name == "squared", estimate == "basic" {
                            #expect(deviation(proposal!.array(), graph.logProposalSquared) < 1e-10)
                        }
                        let loss = objective.loss(model, graph.x, at: flips, proposal: proposal).item()
                        let value = try #require(golden[estimate])
                        #expect(abs(loss - value) < 1e-10 * max(1, value), "\(name), \(estimate)")
                    }
                }
            }
        }
    }

    /// Small graphs have few pairs: independent draws repeat, different ones that are not there are named.
    @Test func moreFlipsThanPairsRepeatOrAreNamed() throws {
        let model = RelationalGraphNetwork(layers: 2, width: 4, using: RandomGenerator(seed: 1)).energy(nodes: 4)
        let x = Tensor.zeros([3, 6])
        for estimator in [RatioMatching.Estimator.uniform(flips: 50), .gradientGuided(flips: 50)] {
            let repeated = RatioMatching(estimator)
            #expect(try repeated.loss(model, x, using: RandomGenerator(seed: 2)).item().isFinite)
            let error = #expect(throws: TooManyFlips.self) {
                try RatioMatching(estimator, replacement: false).loss(model, x, using: RandomGenerator(seed: 2))
            }
            #expect(
                error?.description == "50 different flips of 6 bits: draw them with replacement, or at most 6")
        }
    }
}
