import Foundation
import Torch

/// Images in memory.
///
/// ```swift
/// let train = try ImageSet(cifar10: .train, in: URL(fileURLWithPath: "data/cifar10"))
/// let pixels = train.tensor(0..<train.count)          // uint8 [50000, 3, 32, 32]
/// let batch = pixels.indexSelected(0, indices).scaledPixels()   // float32 in [−1, 1]
/// ```
public struct ImageSet: ImageSource, Equatable, Sendable {
    public let name: String
    public let shape: ImageShape
    /// 0 to 255, [count, channels, height, width].
    public let pixels: [UInt8]
    /// A class for each image, from 0; nil where there are none.
    public let classes: [Int]?
    public private(set) var remarks: [String] = []

    public var count: Int { pixels.count / shape.pixelCount }

    /// - Throws: `ImageError` where there is no image, the pixels fill no whole number of images, or there are not as
    ///   many labels.
    public init(name: String, shape: ImageShape, pixels: [UInt8], labels: [Int]? = nil) throws(ImageError) {
        try Self.check(shape, name)
        guard !pixels.isEmpty, pixels.count.isMultiple(of: shape.pixelCount) else {
            throw ImageError(name, "\(pixels.count) pixels are no whole number of images of \(shape), 1 or more")
        }
        if let labels, labels.count != pixels.count / shape.pixelCount {
            throw ImageError(name, "has \(labels.count) labels for \(pixels.count / shape.pixelCount) images")
        }
        self.name = name
        self.shape = shape
        self.pixels = pixels
        classes = labels
    }

    /// All of a source at once.
    public init(reading source: some ImageSource) throws {
        try self.init(
            name: source.name, shape: source.shape, pixels: source.pixels(0..<source.count), labels: source.labels())
    }

    /// MNIST's digits from a folder that holds its files.
    /// - Throws: `IDXError`, as `MNIST` does.
    public init(mnist part: MNIST.Part, in folder: URL) throws(IDXError) {
        let digits = try MNIST(part, in: folder)
        name = "MNIST \(part == .train ? "train" : "test")"
        shape = ImageShape(channels: 1, height: MNIST.side, width: MNIST.side)
        pixels = digits.images
        classes = digits.labels.map(Int.init)
    }

    public func pixels(_ range: Range<Int>) -> [UInt8] {
        Array(pixels[range.lowerBound * shape.pixelCount..<range.upperBound * shape.pixelCount])
    }

    public func labels() -> [Int]? { classes }

    public func tensor(_ range: Range<Int>) -> Tensor {
        Tensor(
            range == 0..<count ? pixels : pixels(range),
            shape: [range.count, shape.channels, shape.height, shape.width])
    }

    /// The first images.
    /// - Precondition: 1 ≤ count ≤ self.count.
    public func prefix(_ count: Int) -> ImageSet {
        precondition(1...self.count ~= count, "the first \(count) of \(self.count) images")
        return try! ImageSet(
            name: count == self.count ? name : "\(name), first \(count)", shape: shape,
            pixels: pixels(0..<count), labels: classes.map { Array($0.prefix(count)) })
    }

    /// All but every n-th image, and every n-th: images 0, n, 2n ….
    /// - Throws: `ImageError` where there are not more than n images, n ≥ 2.
    public func heldOut(every n: Int) throws(ImageError) -> (rest: ImageSet, heldOut: ImageSet) {
        guard n >= 2, count > n else { throw ImageError(name, "has \(count) images, too few to hold out one in \(n)") }
        func part(_ name: String, _ indices: [Int]) throws(ImageError) -> ImageSet {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(indices.count * shape.pixelCount)
            for index in indices { bytes += pixels[index * shape.pixelCount..<(index + 1) * shape.pixelCount] }
            return try ImageSet(
                name: name, shape: shape, pixels: bytes, labels: classes.map { classes in indices.map { classes[$0] } })
        }
        let indices = Array(0..<count)
        return (
            try part("\(name) but every \(n)th", indices.filter { $0 % n != 0 }),
            try part("every \(n)th of \(name)", indices.filter { $0 % n == 0 })
        )
    }

    /// The same with one more remark.
    public func remarking(_ remark: String) -> ImageSet {
        var set = self
        set.remarks.append(remark)
        return set
    }

    /// The largest side of an image.
    public static let largestSide = 4096

    static func check(_ shape: ImageShape, _ place: String) throws(ImageError) {
        guard shape.channels == 1 || shape.channels == 3, 1...largestSide ~= shape.height,
            1...largestSide ~= shape.width
        else {
            throw ImageError(
                place, "holds images of \(shape), expected 1 or 3 channels and sides from 1 to \(largestSide)")
        }
    }
}

extension ImageSet {
    /// Images of an IDX file [count, height, width], grey; with the labels of its counterpart where the file's name
    /// says images and one stands beside it whose name says labels, as MNIST's do: `train-images-idx3-ubyte` and
    /// `train-labels-idx1-ubyte`, each compressed or not.
    ///
    /// - Throws: `IDXError` or `ImageError` where a file cannot be read, or holds no images or not a label for each.
    public init(idx url: URL) throws {
        let images = try IDX(contentsOf: url)
        guard images.shape.count == 3 else {
            throw ImageError(url.path, "has the shape \(images.shape), expected [images, height, width]")
        }
        let shape = ImageShape(channels: 1, height: images.shape[1], width: images.shape[2])
        try Self.check(shape, url.path)
        var labels: [Int]?
        let counterpart = IDX.labels(beside: url)
        if let counterpart {
            let found = try IDX(contentsOf: counterpart)
            guard found.shape == [images.shape[0]] else {
                throw ImageError(
                    counterpart.path,
                    "has the shape \(found.shape), expected a label for each of \(images.shape[0]) images")
            }
            labels = found.elements.map(Int.init)
        }
        try self.init(name: url.lastPathComponent, shape: shape, pixels: images.elements, labels: labels)
        remarks = [
            "\(url.lastPathComponent): labels \(counterpart.map { "from \($0.lastPathComponent)" } ?? "none: no file of labels beside it")"
        ]
    }
}
