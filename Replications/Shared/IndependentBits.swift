import Torch

/// Independent bits with the means of data: what every model has to beat, and where chains and annealing start.
package struct IndependentBits {
    /// The log-odds of a one, shape [d].
    package let logits: Tensor

    /// - Parameter data: bits as floating-point numbers [n, d]; their means are held between 0.01 and 0.99.
    package init(meansOf data: Tensor) {
        let mean = data.mean(0).maximum(0.01).minimum(0.99)
        logits = (mean / (1 - mean)).log()
    }

    /// The probabilities of a one, so many times: [count, d].
    package func probabilities(_ count: Int) -> Tensor {
        logits.sigmoid().unsqueezed(0).expanded([count, logits.count]).contiguous()
    }

    /// log p(x) in nats, float64 [n], of bits [n, d].
    package func logProbability(_ x: Tensor) -> Tensor {
        let logits = logits.converted(to: .float64)
        return (x.converted(to: .float64) * logits).sum(1) + (-logits).logSigmoid().sum()
    }
}
