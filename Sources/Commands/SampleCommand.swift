import ArgumentParser
import Datasets
import Experiments
import Foundation
import Torch

struct SampleCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "sample",
            abstract: "Draws samples from a model that a run has trained.",
            discussion: """
                Reads the cell's checkpoint, runs the model's sampler and writes the samples: images in HDF5 or .npy, or PNG files by --png; bits and \
                points of the plane in HDF5, .npy or .csv. A file's ending says which; any other than .npy and .csv is HDF5. What is written can \
                be scored by 'score' or learnt from by rmwggis-data. The same run, cell and seed give the same samples.
                """)
    }

    @Argument(help: "The run folder.") var path: String
    @Option(
        help: ArgumentHelp("The cell, by its id or its number; may be left out where there is one.", valueName: "id"))
    var cell: String?
    @Option(help: "How many samples.") var count = 100
    @Option(help: "Steps of the sampler (default: as many as the run's evaluation takes).") var steps: Int?
    @Option(help: "Where the draw's randomness starts: a whole number from 0.") var seed: UInt64 = 1
    @Option(help: "β: samples of e^{−βE}; 4 undoes what squared ratios learn.") var beta = 1.0
    @Option(help: "Threads to compute with (default: as the run was begun with).") var threads: Int?
    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("The file to write, or with --png the folder to make."))
    var output: String
    @Flag(help: "Write images as PNG files, one each, into a new folder.") var png = false
    @Flag(help: "Replace the file to write where it is there already.") var force = false

    func validate() throws {
        try requireCounts(["threads": threads ?? 1])
        let most = 1 << 20
        guard 1...most ~= count else { throw ValidationError("--count is \(count), expected 1 to \(most)") }
        if let steps, !(8...1 << 30 ~= steps) {
            throw ValidationError("--steps is \(steps), expected 8 to \(1 << 30)")
        }
        guard beta > 0, beta <= 1e6 else {
            throw ValidationError("--beta is \(beta), expected above 0 and up to 1e+06")
        }
        if png, force { throw ValidationError("--force replaces a file, not the folder of --png: give a new name") }
    }

    func run() throws {
        let folder = folder(path)
        let replication = try Replicate<C>.replication(RunFolder.replication(of: folder))
        guard let sampleable = replication as? any Sampleable else {
            let able = C.replications.filter { $0 is any Sampleable }.map(\.name)
            throw RunError(
                "\(path): is a run of \(replication.name), whose models are not sampled",
                cure: "those that are: \(able.joined(separator: ", "))")
        }
        try draw(sampleable, folder)
    }

    private func draw<R: Sampleable>(_ replication: R, _ folder: RunFolder) throws {
        let plan = try Plan(replication, of: folder)
        let trained = try plan.trained(cell: cell)
        let file = png ? nil : try OutputFile(output, inputs: [path], force: force)
        if png { try requireNewFolder(output) }
        C.environment.setThreads(threads ?? plan.threadsPerCell)
        let request = DrawRequest(count: count, steps: steps, seed: seed, inverseTemperature: beta)
        let drawn: DrawnSamples
        do { drawn = try replication.draw(request, from: trained) } catch let fault as any LeftFiniteNumbers {
            throw RunError("\(trained.cell.id): the chains have left the finite numbers: \(fault.quantity)")
        }
        let what: String
        switch drawn.content {
        case .samples(let samples):
            guard let file else { throw RunError("\(output): --png is for images, the samples are \(samples.summary)") }
            try write(samples, to: output, file)
            what = samples.summary
        case .images(let images):
            try write(images, to: output, file)
            what = images.summary
        }
        try printLine(
            "\(output.printable): \(what), of \(trained.cell.id) after iteration \(trained.checkpoint.iteration)")
        try printLine(drawn.diagnostics)
    }
}
