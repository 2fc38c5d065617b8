import ArgumentParser
import Datasets
import Experiments
import Figures
import Foundation
import HDF5

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Writes images, bit vectors or points of the plane in another format.",
        discussion: """
            INPUT is images: \(imageInputHelp); or samples: .npy [N, d], HDF5 with 'bits' or 'points', text of
            numbers separated by commas. OUTPUT is named by its ending: .npy, .csv (samples), .h5 or any other (HDF5: 'images' and 'labels', 'bits',
            or 'points'); with --png it is a new folder of PNG files.
            """)

    @Argument(help: "The images or samples.") var input: String
    @Argument(help: "The file to write, or with --png the folder to make.") var output: String
    @Option(help: "How hard to compress images in HDF5, 0 (not at all) to 9.") var deflate = 4
    @Option(help: ArgumentHelp("Make bits of images: a pixel above this, 0 to 254, is 1.", valueName: "grey"))
    var threshold: Int?
    @Flag(help: "Write images as PNG files, one each, into a new folder.") var png = false
    @Flag(help: "Replace the file to write where it is there already.") var force = false

    func validate() throws {
        guard 0...9 ~= deflate else { throw ValidationError("--deflate is \(deflate), expected 0 to 9") }
        if let threshold, !(0...254 ~= threshold) {
            throw ValidationError("--threshold is \(threshold), expected 0 to 254")
        }
        if png, threshold != nil {
            throw ValidationError("--png writes images, --threshold makes bits of them: give one")
        }
        if png, force {
            throw ValidationError("--force replaces a file, not the folder of --png: give the name of a new one")
        }
    }

    func run() throws {
        guard try !holdsSamples(input) else {
            guard threshold == nil, !png else {
                throw RunError("\(input): holds samples, \(png ? "--png" : "--threshold") is for images")
            }
            return try write(SampleFile.read(URL(fileURLWithPath: input)))
        }
        let images = try openImages(input)
        if let threshold { return try write(.bits(images.bits(above: UInt8(threshold)))) }
        try write(images)
    }

    private func write(_ samples: Samples) throws {
        try Commands.write(samples, to: output, OutputFile(output, inputs: [input], force: force))
        try printLine("\(output.printable): \(samples.summary)")
    }

    private func write(_ images: any ImageSource) throws {
        let file = png ? nil : try OutputFile(output, inputs: [input], force: force)
        try Commands.write(images, to: output, file, deflate: deflate)
        try printLine(
            "\(output.printable): \(images.summary), SHA-256 of the pixels \(try images.checksum())")
    }
}

/// Writes samples in the format that the file's name says.
func write(_ samples: Samples, to path: String, _ file: OutputFile) throws {
    let format = SampleFile.Format(path: path) ?? .hdf5
    try file.write { try SampleFile.write(samples, to: $0, as: format) }
}

/// Writes images in the format that the file's name says; as PNG files into a new folder where no file is given.
func write(_ images: any ImageSource, to path: String, _ file: OutputFile?, deflate: Int = 4) throws {
    guard let file else { return try writePNGFolder(images, to: path) }
    switch SampleFile.Format(path: path) {
    case .csv:
        throw RunError(
            "\(path): images are not written as text",
            cure: "name a file that ends in .h5 or .npy, or make bits of them by 'convert --threshold 127'")
    case .npy:
        if try images.labels() != nil { Console.shared.write("\(path): .npy holds the images without their labels") }
        try file.write { try images.writeNPY(to: $0) }
    case .hdf5, nil: try file.write { try images.writeHDF5(to: $0, deflate: deflate) }
    }
}

extension ImageSource {
    /// `6 images of 1 × 28 × 28`.
    var summary: String { "\(count) images of \(shape)" }
}

extension Samples {
    /// `6 points of the plane`, `6 samples of 3 bits`.
    var summary: String {
        switch self {
        case .bits(let bits): "\(bits.count) samples of \(bits.dimension) bits"
        case .points(let points): "\(points.count) points of the plane"
        }
    }
}

/// Whether a file holds samples and not images, by its content: an array of `.npy` of rank 2, HDF5 with `bits` or
/// `points`, text with a digit or a comma in it.
private func holdsSamples(_ path: String) throws -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
        return false
    }
    let url = URL(fileURLWithPath: path)
    switch try FileKind(contentsOf: url) {
    case .hdf5:
        let names = try HDF5File(path: path).names()
        return !names.contains("images") && (names.contains("bits") || names.contains("points"))
    case .npy: return try NPY(contentsOf: url).shape.count == 2
    case .unknown: return try beginsWithText(url)
    default: return false
    }
}

/// Whether the first kilobyte of a file is printable text with a digit or a comma in it.
private func beginsWithText(_ url: URL) throws -> Bool {
    let file = try FileHandle(forReadingFrom: url)
    defer { try? file.close() }
    let head = try file.read(upToCount: 1024) ?? Data()
    return head.allSatisfy { $0 >= 0x20 && $0 != 0x7f || 9...13 ~= $0 }
        && head.contains { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ",") }
}
