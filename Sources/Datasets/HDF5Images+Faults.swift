import Foundation
import HDF5

// What keeps an HDF5 file from being read as images, all of it in one message, with the line of h5py that writes a file
// without those faults.

extension HDF5Images {
    /// What is wrong with an array as images, each the end of a sentence.
    static func faults(of images: HDF5Description) -> [String] {
        var faults = images.faults
        if images.elementType != .uint8, images.typeName != "unknown" {
            faults.append("holds \(images.typeName), expected uint8, 0 to 255")
        }
        guard let shape = images.shape else { return faults }
        let side = 1...ImageSet.largestSide
        if shape.count != 4 {
            faults.append("has the shape \(shape), expected [images, channels, height, width]")
        } else if isChannelsLast(shape) {
            faults.append("has the shape \(shape), channels last, expected [images, channels, height, width]")
        } else if shape[0] < 1 {
            faults.append("has the shape \(shape): there is no image in it")
        } else if !(shape[1] == 1 || shape[1] == 3) || !(side ~= shape[2]) || !(side ~= shape[3]) {
            faults.append(
                "has the shape \(shape), expected 1 or 3 channels and sides from 1 to \(ImageSet.largestSide): [images, channels, height, width]"
            )
        }
        return faults
    }

    /// What is wrong with an array as labels of so many images; of any number where none is given.
    static func faults(ofLabels labels: HDF5Description, count: Int?) -> [String] {
        var faults = labels.faults
        if labels.typeName != "unknown", !isInteger(labels) {
            faults.append("holds \(labels.typeName), expected integers")
        }
        guard let shape = labels.shape else { return faults }
        if let count, shape != [count] {
            faults.append("has the shape \(shape), expected [\(count)], a label for each image")
        } else if shape.count != 1 {
            faults.append("has the shape \(shape), expected [images], a label for each")
        }
        return faults
    }

    /// All faults of a file, one of its arrays after the other, and below them the line that mends it.
    static func message(images: HDF5Description, labels: HDF5Description?, path: String) -> String {
        let count = images.shape.flatMap(\.first)
        let ofImages = faults(of: images)
        let ofLabels = labels.map { faults(ofLabels: $0, count: count) } ?? []
        var parts: [String] = []
        if !ofImages.isEmpty { parts.append("array 'images' \(ofImages.joined(separator: "; "))") }
        if !ofLabels.isEmpty { parts.append("array 'labels' \(ofLabels.joined(separator: "; "))") }
        let message = parts.joined(separator: "; ")
        guard let mending = mending(images: images, labels: labels, path: path) else { return message }
        let isWide = images.elementType != .uint8 && images.typeName.contains("int")
        // Else numpy would take them modulo 256 without a word.
        let scale = images.typeName.hasPrefix("float") ? ", where 1 is white" : isWide ? ", where all are 0 to 255" : ""
        return "\(message)\n  mended by h5py\(scale): \(mending)"
    }

    private static func isChannelsLast(_ shape: [Int]) -> Bool {
        shape.count == 4 && !(shape[1] == 1 || shape[1] == 3) && (shape[3] == 1 || shape[3] == 3)
    }

    private static func isInteger(_ array: HDF5Description) -> Bool {
        switch array.elementType {
        case .float32, .float64, nil: false
        default: true
        }
    }

    /// A line of Python that writes the file anew as it should be; nil where it would not be known what should stand
    /// there.
    private static func mending(images: HDF5Description, labels: HDF5Description?, path: String) -> String? {
        guard let pixels = mended(images) else { return nil }
        var line =
            "import h5py; a = h5py.File('\(quoted(path))'); b = h5py.File('mended.h5', 'w'); b['images'] = \(pixels)"
        if let labels {
            guard let classes = mended(labels: labels, count: images.shape?.first) else { return nil }
            line += "; b['labels'] = \(classes)"
        }
        return line + "; b.close()"
    }

    private static func mended(_ images: HDF5Description) -> String? {
        var pixels = "a['images'][...]"
        if images.elementType != .uint8 {
            switch images.typeName {
            case "bool": pixels = "(\(pixels) * 255).astype('u1')"
            case let type where type.hasPrefix("float"): pixels = "(\(pixels) * 255).round().astype('u1')"
            case let type where type.hasPrefix("int") || type.hasPrefix("uint"): pixels += ".astype('u1')"
            case "unknown": break
            default: return nil
            }
        }
        guard let shape = images.shape else { return pixels }
        let sides: ArraySlice<Int>
        switch shape.count {
        case 4 where isChannelsLast(shape): (pixels, sides) = (pixels + ".transpose(0, 3, 1, 2)", shape[1...2])
        case 4 where shape[1] == 1 || shape[1] == 3: sides = shape[2...3]
        case 3: (pixels, sides) = (pixels + "[:, None]", shape[1...2])
        default: return nil
        }
        let isWhole = !images.faults.contains { $0.hasPrefix("declares") }
        return isWhole && shape[0] >= 1 && sides.allSatisfy { 1...ImageSet.largestSide ~= $0 } ? pixels : nil
    }

    private static func mended(labels: HDF5Description, count: Int?) -> String? {
        var classes = "a['labels'][...]"
        if let count, let shape = labels.shape, shape.first != count { return nil }
        switch labels.shape?.count {
        case nil, 1: break
        case 2 where labels.shape![1] == 1: classes += ".reshape(-1)"
        case 2: classes += ".argmax(1)"
        default: return nil
        }
        guard !isInteger(labels) else { return classes }
        let isNumber = ["float", "int", "uint", "bool", "unknown"].contains { labels.typeName.hasPrefix($0) }
        return isNumber ? classes + ".astype('i8')" : nil
    }

    /// As it stands between quotes in Python.
    private static func quoted(_ path: String) -> String {
        path.printable.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "\\'")
    }
}
