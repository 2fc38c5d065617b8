import EnergyModels
import Foundation
import Testing
import Torch

/// Decisions by bfloat16 products with float32 where it is close.
@Suite struct MLPFlipScreenTests {
    private func model(_ generator: RandomGenerator) -> MLPEnergy {
        let model = MLPEnergy(dimension: 12, hidden: [64, 48, 32], using: generator)
        withoutGradients {
            for (name, tensor) in model.parameters where name != "swish.beta" { tensor.assign(2.5 * tensor) }
        }
        return model
    }

    /// Over 60 sites of 4,000 chains the decisions are float32's, each of them: the energies' error in bfloat16 is some
    /// hundredths, so without the second look some hundreds of the 240,000 would differ.
    @Test func decisionsAreThoseOfFloat32() {
        let generator = RandomGenerator(seed: 8)
        let model = model(generator)
        let x = Tensor.integers([4000, 12], 0..<2, using: generator).converted(to: .float32)
        let (screened, plain) = (model.flipState(x), model.flipState(x))
        var flips = 0
        for sweep in 0..<5 {
            for site in 0..<12 {
                let u = Tensor.uniform([4000], using: generator)
                let threshold = u.log() - (1 - u).log()
                let before = plain.x.copied()
                let accepted = plain.flipDifference(at: site) .> threshold
                plain.flip(at: site, where: accepted)
                screened.flip(at: site, whereDifferenceExceeds: threshold)
                let differing = (screened.x .!= plain.x).converted(to: .float32).sum().item()
                #expect(differing == 0, "sweep \(sweep), site \(site)")
                flips += Int((before .!= plain.x).converted(to: .float32).sum().item())
            }
        }
        #expect(20_000...220_000 ~= flips)
        // The state goes on rightly where differences are asked for in between.
        let own = screened.flipDifference(at: 3)
        let truth = model.flipDifferences(screened.x, at: nil).selected(1, 3)
        #expect((own - truth).abs().max().item() < 1e-4)
    }

    /// Where a threshold lies far off, and at the ends of the range, the flip is certain.
    @Test func thresholdsAtTheEndsDecide() {
        let generator = RandomGenerator(seed: 9)
        let model = model(generator)
        let x = Tensor.integers([1000, 12], 0..<2, using: generator).converted(to: .float32)
        let state = model.flipState(x)
        state.flip(at: 0, whereDifferenceExceeds: Tensor.full([1000], -Double.infinity))
        state.flip(at: 1, whereDifferenceExceeds: Tensor.full([1000], Double.infinity))
        state.flip(at: 2, whereDifferenceExceeds: Tensor.full([1000], -Double.infinity))
        let changed = (state.x .!= x).converted(to: .float32).sum(0).array(Double.self)
        #expect(changed == [1000, 0, 1000] + [Double](repeating: 0, count: 9))
    }
}
