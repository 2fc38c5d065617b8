import Torch

extension Tensor {
    /// Pixels, uint8 0 … 255, as float32 in [−1, 1]: x / 127.5 − 1, plus noise · z where noise is above 0, z standard
    /// normal.
    /// - Parameter generator: where the noise is drawn from, which must be there if noise is above 0.
    public func scaledPixels(noise: Double = 0, using generator: RandomGenerator? = nil) -> Tensor {
        require(dtype == .uint8, "pixels of type \(dtype), not uint8")
        let scaled = Tensor.empty(shape, device: device)
        // A million at a time, so that the three passes stay in the cache.
        let (source, target) = (reshaped([-1]), scaled.reshaped([-1]))
        for start in stride(from: 0, to: count, by: 1 << 20) {
            let length = Swift.min(1 << 20, count - start)
            var part = target.narrowed(0, start: start, length: length)
            part.assign(source.narrowed(0, start: start, length: length))
            part *= 1 / 127.5
            part -= 1
        }
        guard noise > 0 else { return scaled }
        guard let generator else { fatalError("noise without a generator") }
        return scaled + Tensor.normal(shape, using: generator) * noise
    }

    /// Numbers scaled to [−1, 1] as pixels, uint8: round(127.5 (x + 1)), held within 0 … 255.
    /// - Throws: `ImageError` where one is not finite, with how many are not.
    public func pixels() throws(ImageError) -> Tensor {
        let bad = (.!isFinite()).converted(to: .int64).sum().item()
        guard bad == 0 else { throw ImageError("\(Int(bad)) of \(count) numbers are not finite: they are no pixels") }
        return ((self + 1) * 127.5).rounded().maximum(0).minimum(255).converted(to: .uint8)
    }
}
