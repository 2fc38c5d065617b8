import ArgumentParser
import Datasets
import Experiments
import Foundation
import HDF5

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Writes images to an HDF5 file: 'images', uint8 [N, C, H, W], and 'labels' where there are any.",
        discussion: "IMAGES is \(imageInputHelp).")

    @Argument(help: "The images.") var images: String
    @Argument(help: "The HDF5 file to write.") var output: String
    @Option(help: "How hard to compress, 0 (not at all) to 9.") var deflate = 4
    @Flag(help: "Replace the file to write where it is there already.") var force = false

    func validate() throws {
        guard 0...9 ~= deflate else { throw ValidationError("--deflate is \(deflate), expected 0 to 9") }
    }

    func run() throws {
        let source = try openImages(images)
        let file = try OutputFile(output, inputs: [images], force: force)
        try file.write { try source.writeHDF5(to: $0, deflate: deflate) }
        try printLine(
            "\(output.printable): \(source.count) images of \(source.shape), SHA-256 of the pixels \(try source.checksum())"
        )
    }
}
