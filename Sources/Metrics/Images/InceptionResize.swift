import Torch

extension InceptionNetwork {
    /// Images [n, c, h, w] scaled to [n, c, side, side]: R X Cᵀ with a matrix of two weights a row for rows and one for
    /// columns. Neither rule smooths where it scales down.
    package static func resized(_ x: Tensor, to side: Int, by rule: Input) -> Tensor {
        let rows = interpolation(from: x.size(2), to: side, by: rule)
        let columns = interpolation(from: x.size(3), to: side, by: rule)
        return rows.matmul(x.matmul(columns.transposed()))
    }

    /// The matrix [to, from] that interpolates linearly: row i has 1 − f at ⌊s⌋ and f at ⌊s⌋ + 1, f = s − ⌊s⌋, both
    /// held within the image; with scale = from / to, in float32 as the programs that define the rules compute,
    ///
    ///     tensorFlow1: s = i · scale                          (resize_bilinear of TensorFlow 1, align_corners false)
    ///     halfPixel:   s = max(0, (i + ½) · scale − ½)        (PyTorch's interpolate, align_corners false)
    package static func interpolation(from: Int, to: Int, by rule: Input) -> Tensor {
        let scale = Float(from) / Float(to)
        var weights = [Float](repeating: 0, count: to * from)
        for i in 0..<to {
            let place =
                switch rule {
                case .tensorFlow1: Float(i) * scale
                case .halfPixel: max(0, (Float(i) + 0.5) * scale - 0.5)
                }
            let lower = min(Int(place), from - 1)
            let fraction = place - Float(lower)
            weights[i * from + lower] += 1 - fraction
            weights[i * from + min(lower + 1, from - 1)] += fraction
        }
        return Tensor(weights, shape: [to, from])
    }
}
