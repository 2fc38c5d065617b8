import Torch

/// The derivative of f with respect to every element of x, by central differences: (f(x + h) − f(x − h)) / 2h.
///
/// Its own error is h²f‴/6 from the step and about 10⁻¹⁶|f|/h from rounding: some 10⁻¹⁰ at h = 10⁻⁵ where f and its
/// derivatives are of order one.
///
/// - Parameter x: what f depends on, contiguous float64 elements, changed in place and put back.
public func centralDifferences(at x: Tensor, step: Double = 1e-5, of f: () -> Double) -> [Double] {
    let elements = x.unsafeElements(Double.self)
    return (0..<x.count).map { i in
        let value = elements[i]
        defer { elements[i] = value }
        elements[i] = value + step
        let above = f()
        elements[i] = value - step
        return (above - f()) / (2 * step)
    }
}

/// The largest |a − b| relative to the larger of 1 and the largest |b|; infinite where lengths differ or a number is
/// none.
public func deviation(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count, a.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return .infinity }
    let scale = b.reduce(1) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
}

/// The same for the elements of tensors, which must agree in shape.
public func deviation(_ a: Tensor, _ b: Tensor) -> Double {
    a.shape == b.shape ? deviation(a.array(Double.self), b.array(Double.self)) : .infinity
}

/// The largest |a − b| relative to the largest |b|, however small: for numbers that share a scale.
public func relativeDeviation(_ a: Tensor, _ b: Tensor) -> Double {
    let scale = b.array(Double.self).reduce(0) { max($0, abs($1)) }
    return scale == 0 ? deviation(a, b) : deviation(a / scale, b / scale)
}
