import Datasets
import Foundation

/// What can be read as images, in words.
public let imageForms =
    "an HDF5 file with 'images', an IDX file, a CIFAR-10 .bin file, a .npy file, or a folder: of PNG files or of sub-folders of them, of MNIST's IDX files or of CIFAR-10's training batches"

/// The images at a path, by what lies there: of files by their first bytes, whatever their names; of folders by what
/// they hold.
///
/// - Throws: an error of the reader's that names the file; `ImageError` where nothing is there, or nothing that holds
///   images.
public func imageSource(at path: String) throws -> any ImageSource {
    let url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw ImageError("\(path): is not there, expected \(imageForms)")
    }
    if isFolder.boolValue { return try imagesOfFolder(url, path) }
    switch try FileKind(contentsOf: url) {
    case .hdf5: return try HDF5Images(path: path)
    case .idx: return try ImageSet(idx: url)
    case .npy: return try ImageSet(npy: url)
    case .cifar10:
        let records = try CIFAR10.records(contentsOf: url)
        return try ImageSet(
            name: url.lastPathComponent, shape: CIFAR10.shape, pixels: records.pixels, labels: records.labels)
    case .other(let what): throw ImageError("\(path): \(what)")
    case .unknown(let beginning):
        throw ImageError("\(path): begins with \(beginning), which no file of images does; expected \(imageForms)")
    }
}

private func imagesOfFolder(_ url: URL, _ path: String) throws -> any ImageSource {
    func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url.appendingPathComponent(name).path) }
    func trainingPart(_ set: ImageSet) -> ImageSet {
        set.remarking("\(path): the training part is read: \(set.name), \(set.count) images with labels")
    }
    if holds("data_batch_1.bin") || holds("cifar-10-batches-bin/data_batch_1.bin") {
        return trainingPart(try ImageSet(cifar10: .train, in: url))
    }
    if MNIST.isPresent(.train, in: url) { return trainingPart(try ImageSet(mnist: .train, in: url)) }
    for pickles in ["data_batch_1", "cifar-10-batches-py/data_batch_1"] where holds(pickles) {
        throw ImageError(
            "\(path): holds CIFAR-10 as Python pickles (\(pickles)), which are not read: take its binary version, data_batch_1.bin …"
        )
    }
    return try PNGFolder(url)
}
