import Foundation
import Torch

/// Square images of bars: all rows or all columns, by a coin; each of them a bar with probability 0.3; each pixel
/// flipped with probability 0.02. Every image has a positive probability, which is known.
package struct Bars: Sendable {
    package let side: Int

    private static let (bar, noise) = (0.3, 0.02)

    package init(side: Int) { self.side = side }

    /// Images as bits, float32 [count, side²].
    package func sample(_ count: Int, using generator: RandomGenerator) -> Tensor {
        let lines = generator.bernoulli(Tensor.full([count, side, 1], Self.bar)).expanded([count, side, side])
        let rows = generator.bernoulli(Tensor.full([count, 1, 1], 0.5)).expanded([count, side, side])
        let images = rows * lines + (1 - rows) * lines.transposed(1, 2)
        let noise = generator.bernoulli(Tensor.full([count, side, side], Self.noise))
        return (images + noise - 2 * images * noise).reshaped([count, side * side])
    }

    /// log p(x) in nats, float64 [count], of images [count, side²]. With kₗ ones in line l of n pixels, b = 0.3 and ε =
    /// 0.02,
    ///
    ///     p(x) = ½ ∏_{rows l} q(kₗ) + ½ ∏_{columns l} q(kₗ),
    ///     q(k) = b (1−ε)^k ε^{n−k} + (1−b) ε^k (1−ε)^{n−k}.
    package func logProbability(_ x: Tensor) -> Tensor {
        let images = x.converted(to: .float64).reshaped([x.size(0), side, side])
        let logOdds = log((1 - Self.noise) / Self.noise)
        let (least, n) = (Double(side) * log(Self.noise), Double(side))
        func ofLines(_ ones: Tensor) -> Tensor {
            let bars = ones * logOdds + (log(Self.bar) + least)
            let none = (n - ones) * logOdds + (log(1 - Self.bar) + least)
            return Tensor.stacked([bars, none], along: 0).logSumExp(0).sum(1)
        }
        return Tensor.stacked([ofLines(images.sum(2)), ofLines(images.sum(1))], along: 0).logSumExp(0) - log(2)
    }
}
