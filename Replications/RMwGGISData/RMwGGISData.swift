import Datasets
import EnergyModels
import Experiments
import Foundation
import Objectives
import ReplicationShared
import Samplers
import Torch

/// Ratio matching with gradient-guided importance sampling (Liu et al. 2023), its relatives, pseudo-likelihood and
/// persistent contrastive divergence on bits of anyone's: from a file, or points of the plane in Gray code.
public struct RMwGGISData: Replication {
    public let name = "rmwggis-data"
    public let summary =
        "ratio matching, its estimates, pseudo-likelihood and PCD on bits or points of a file of your own"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        configuration.models.flatMap { model in
            configuration.methods.map { Setting(data: configuration.dataName, model: model, method: $0) }
        }
    }

    public func dataChecksums(_ configuration: Configuration) throws -> [String: String] {
        let data = try BinaryData(configuration)
        return data.bars == nil ? data.checksums : [:]
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        let data = try BinaryData(configuration)
        let model = energy(setting, configuration, data, context.generator("initialisation"))
        try learn(model, setting, configuration, data, context)
        try Evaluation(data: data, configuration: configuration).run(model, context)
    }

    /// The untrained energy of a setting.
    func energy(
        _ setting: Setting, _ configuration: Configuration, _ data: BinaryData, _ generator: RandomGenerator
    ) -> any BinaryEnergyModel {
        switch setting.model {
        case .mlp: MLPEnergy(dimension: data.dimension, hidden: configuration.hidden, using: generator)
        case .rbm:
            RestrictedBoltzmannMachine(
                visible: data.dimension, hidden: configuration.units, dataMean: data.training.mean(0), using: generator)
        case .boltzmann: BoltzmannMachine(dimension: data.dimension, alphabet: .spins)
        }
    }

    private func learn(
        _ model: any BinaryEnergyModel, _ setting: Setting, _ configuration: Configuration, _ data: BinaryData,
        _ context: CellContext
    ) throws {
        let draws = context.generator("objective")
        var kept: [Kept] = []
        func persistent(_ transition: some BinaryTransition) -> any BinaryObjective {
            let start = draws.bernoulli(IndependentBits(meansOf: data.training).probabilities(configuration.batchSize))
            let objective = PersistentContrastiveDivergence(transition, from: start)
            kept = [.chains(objective)]
            return objective
        }
        let objective: any BinaryObjective =
            switch setting.method {
            case .ratioMatching(let method): method.objective(flips: configuration.flips)
            case .pseudoLikelihood: PseudoLikelihood()
            case .persistent where model is any HiddenUnitModel:
                persistent(BlockGibbs(steps: configuration.persistentSteps))
            case .persistent: persistent(GibbsSampler.Sweeps(configuration.persistentSteps))
            }
        let training = BinaryTraining(
            iterations: configuration.iterations, batchSize: configuration.batchSize,
            learningRate: configuration.learningRate, logEvery: configuration.logEvery)
        let evaluation = Evaluation(data: data, configuration: configuration)
        try training.run(model, by: objective, on: data.training, using: draws, keeping: kept, context) { iteration in
            guard configuration.evaluateEvery > 0, iteration.isMultiple(of: configuration.evaluateEvery) else { return }
            try context.guardFinite(model.parameters, iteration: iteration)
            let costs = context.untimed { evaluation.conditionalCosts(model, data.heldOut, inverseTemperature: 1) }
            try context.log(iteration: iteration, ["pseudoNLL": costs.mean().item()])
        }
    }
}
