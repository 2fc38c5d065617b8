import HDF5
import Torch

extension InceptionNetwork {
    /// Reads weights as `data-scripts/inception-to-hdf5` writes them: a float32 array for each tensor of the port's
    /// state dictionary.
    ///
    /// - Parameter acceptsUnchecked: whether a file without a checksum is taken, as the script wrote them before.
    /// - Throws: `HDF5Error` or `MetricError` where the file cannot be read, carries no checksum, or does not hold the
    ///   network's weights.
    public init(hdf5 path: String, input: Input = .tensorFlow1, acceptsUnchecked: Bool = false) throws {
        let file = try HDF5File(own: path, acceptsUnchecked: acceptsUnchecked)
        var weights: [String: Tensor] = [:]
        // A weight's type and shape are looked at before it is read.
        for (name, shape) in InceptionArchitecture.shapes {
            let rows = try file.rows(name)
            guard rows.shape == shape else {
                throw MetricError("\(path): weight '\(name)' has the shape \(rows.shape), expected \(shape)")
            }
            weights[name] = Tensor(try rows.read(0..<shape[0], as: Float.self), shape: shape)
        }
        let source = try file.text("source")
        try self.init(weights: weights, origin: source.map { "\(path) (from \($0))" } ?? path, input: input)
    }
}
