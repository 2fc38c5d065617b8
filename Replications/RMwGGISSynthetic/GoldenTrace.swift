import Experiments
import Foundation

/// A recorded training run of the released or the community code: settings, losses, and the flips that were drawn
/// (format `ebm-golden/1`).
struct GoldenTrace: Decodable {
    /// What a parameter was at the start or the end.
    struct ParameterRecord: Decodable {
        let name: String
        let l2: Double
    }

    let data: String
    let method: String
    let variant: String
    let seed: UInt32
    let iterations: Int
    let dimension: Int
    let batchSize: Int
    let flips: Int
    let learningRate: Double
    let weightDecay: Double
    let gradientClip: Double
    let hidden: Int
    let pairing: String
    let withReplacement: Bool
    let proposalIsDetached: Bool
    let intScale: Double
    /// Mean and standard deviation of the untrained energy over 1,000 coin-flip points, and over 1,000 data points.
    let energyOfCoinFlips: [Double]?
    let energyOfData: [Double]?
    let loss: [Double]
    /// An iteration's flips: base64 of uint8 [batch, s], row-major.
    let draws: [String]?
    let parametersAtStart: [ParameterRecord]?
    let parametersAtEnd: [ParameterRecord]

    private struct Format: Decodable {
        let format: String
    }

    private enum CodingKeys: String, CodingKey {
        case data, method, variant, seed, iterations, pairing, loss, draws
        case dimension = "discrete_dim"
        case batchSize = "batch_size"
        case flips = "num_is_samples"
        case learningRate = "learning_rate"
        case weightDecay = "weight_decay"
        case gradientClip = "grad_clip"
        case hidden = "hidden_dim"
        case withReplacement = "with_replacement"
        case proposalIsDetached = "proposal_detached"
        case intScale = "int_scale"
        case energyOfCoinFlips = "energy_random_mean_std"
        case energyOfData = "energy_data_mean_std"
        case parametersAtStart = "parameters_at_start"
        case parametersAtEnd = "parameters_at_end"
    }

    static let format = "ebm-golden/1"

    /// Reads a file.
    ///
    /// - Throws: `RunError` where it is missing, cut short, of another format, or its lists do not fit its settings.
    static func read(_ file: URL) throws -> GoldenTrace {
        guard let bytes = try? Data(contentsOf: file) else { throw RunError("\(file.path): cannot be read") }
        let decoder = JSONDecoder()
        guard (try? JSONSerialization.jsonObject(with: bytes)) is [String: Any] else {
            throw RunError("\(file.path): is no JSON object, or was cut short")
        }
        guard let format = try? decoder.decode(Format.self, from: bytes).format else {
            throw RunError("\(file.path): has no 'format'; expected a golden file of format \(Self.format)")
        }
        guard format == Self.format else {
            throw RunError("\(file.path): is of format '\(format)', expected \(Self.format)")
        }
        do {
            let trace = try decoder.decode(GoldenTrace.self, from: bytes)
            try trace.validate(file)
            return trace
        } catch DecodingError.keyNotFound(let key, _) {
            throw RunError("\(file.path): '\(key.stringValue)' is missing; expected the trace of a training run")
        } catch let error as DecodingError {
            let path: [any CodingKey]
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                path = context.codingPath
            default: path = []
            }
            throw RunError(
                "\(file.path): '\(path.map(\.stringValue).joined(separator: "."))' has a value of another type")
        }
    }

    private func validate(_ file: URL) throws {
        func require(_ holds: Bool, _ fault: @autoclosure () -> String) throws {
            if !holds { throw RunError("\(file.path): \(fault())") }
        }
        try require(
            iterations > 0 && loss.count == iterations, "'loss' has \(loss.count) entries for \(iterations) iterations")
        try require(
            draws.map { $0.count == iterations } ?? true,
            "'draws' has \(draws?.count ?? 0) entries for \(iterations) iterations")
        let (batches, widths) = (1...65_536, 1...4096)
        try require(
            batches ~= batchSize,
            "'batch_size' is \(batchSize), expected \(batches.lowerBound) to \(batches.upperBound)")
        try require(
            widths ~= hidden, "'hidden_dim' is \(hidden), expected \(widths.lowerBound) to \(widths.upperBound)")
        try require(4...256 ~= dimension, "'discrete_dim' is \(dimension), expected 4 to 256")
        try require(1...dimension ~= flips, "'num_is_samples' is \(flips), expected 1 to \(dimension)")
        // All flips of a batch in a layer's width, float32.
        let activations = batchSize * (1 + dimension) * hidden
        try require(
            activations <= 1 << 28,
            "'batch_size' \(batchSize), 'discrete_dim' \(dimension) and 'hidden_dim' \(hidden) make layers of \(activations) numbers, expected at most \(1 << 28)"
        )
        for (key, list) in [("parameters_at_start", parametersAtStart), ("parameters_at_end", parametersAtEnd)] {
            try require(list.map { !$0.isEmpty } ?? true, "'\(key)' is empty, expected a parameter or more")
        }
        for (key, list) in [("energy_random_mean_std", energyOfCoinFlips), ("energy_data_mean_std", energyOfData)] {
            try require(
                list.map { $0.count == 2 } ?? true,
                "'\(key)' has \(list?.count ?? 0) entries, expected a mean and a standard deviation")
        }
        try require(gradientClip > 0, "'grad_clip' is \(gradientClip), expected a positive number")
        for (index, draw) in (draws ?? []).enumerated() {
            let bytes = Data(base64Encoded: draw)
            try require(
                bytes?.count == batchSize * flips && bytes!.allSatisfy { Int($0) < dimension },
                "'draws' of iteration \(index + 1) is not base64 of \(batchSize)×\(flips) flips below \(dimension)")
        }
    }

    /// The flips of an iteration, counted from 0: [batch · s], row-major; nil where the file has none.
    func indices(_ iteration: Int) -> [Int]? {
        draws.flatMap { Data(base64Encoded: $0[iteration]) }.map { $0.map(Int.init) }
    }
}
