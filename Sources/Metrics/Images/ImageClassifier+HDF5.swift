import Datasets
import Foundation
import HDF5
import Torch

extension ImageClassifier {
    private static let format = "image-classifier/1"

    /// Writes parameters, input shape, accuracy and origin, to be read by `init(hdf5:)`. Throws `HDF5Error`.
    public func save(to path: String) throws {
        let writer = try HDF5Writer()
        for (name, tensor) in parameters {
            try writer.write(HDF5Array(tensor.array(Float.self), shape: tensor.shape), named: name)
        }
        try writer.write(
            HDF5Array([inputShape.channels, inputShape.height, inputShape.width].map(Int64.init), shape: [3]),
            named: "inputShape")
        try writer.write(HDF5Array([accuracy], shape: []), named: "accuracy")
        try writer.setAttribute("format", to: Self.format)
        try writer.setAttribute("origin", to: origin)
        try writer.save(to: path)
    }

    /// Reads what `save(to:)` wrote. Throws `HDF5Error` or `MetricError` where the file cannot be read or holds no
    /// classifier, or carries no checksum, as those written before did not, unless such a file is accepted.
    public init(hdf5 path: String, acceptsUnchecked: Bool = false) throws {
        let file = try HDF5File(own: path, acceptsUnchecked: acceptsUnchecked)
        guard try file.text("format") == Self.format else {
            throw MetricError("\(path): is no classifier: its attribute 'format' is not '\(Self.format)'")
        }
        let sides = try file.read("inputShape", as: Int64.self, shape: [3]).map(Int.init)
        let accuracy = try file.read("accuracy", as: Double.self, shape: [])[0]
        guard 0...1 ~= accuracy else { throw MetricError("\(path): accuracy is \(accuracy), expected 0 to 1") }
        let classes = try file.rows("classes.bias").rowCount
        guard sides[0] == 1 || sides[0] == 3, 8...ImageSet.largestSide ~= sides[1],
            8...ImageSet.largestSide ~= sides[2], 2...65_536 ~= classes
        else { throw MetricError("\(path): a classifier of images of \(sides) in \(classes) classes cannot be") }
        let shape = ImageShape(channels: sides[0], height: sides[1], width: sides[2])
        let parameters = Parameters(
            try Self.shapes(shape, classes: classes).map { name, shape in
                let tensor = Tensor(try file.read(name, as: Float.self, shape: shape), shape: shape)
                guard tensor.isFinite().all() else {
                    throw MetricError("\(path): weight '\(name)' holds numbers that are not finite")
                }
                return (name, tensor)
            })
        self.init(
            parameters: parameters, inputShape: shape, classCount: classes,
            accuracy: accuracy, origin: try file.text("origin") ?? path)
    }
}
