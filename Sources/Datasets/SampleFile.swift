import Foundation
import HDF5

/// What a file of samples holds: bit vectors, or points of the plane.
public enum Samples: Equatable, Sendable {
    case bits(BinaryBatch)
    case points([SIMD2<Double>])

    /// The number of samples.
    public var count: Int {
        switch self {
        case .bits(let bits): bits.count
        case .points(let points): points.count
        }
    }
}

/// Files of bit vectors and of points of the plane: NumPy's `.npy`, HDF5, or text of comma-separated numbers. What a
/// file is, its first bytes say; what it holds, its numbers: bits where all are 0 or 1, points where there are two
/// columns of others.
///
/// HDF5: `bits`, integers [N, d]; or `points`, float32 or float64 [N, 2]. NumPy: an array [N, d] of any type of `NPY`.
/// Text: as `NumberTable` reads it.
public enum SampleFile {
    /// How a file is written.
    public enum Format: String, CaseIterable, Sendable {
        case hdf5 = "h5", npy, csv

        /// The format that a file's name ends in: `.h5` or `.hdf5`, `.npy`, `.csv`; nil for another.
        public init?(path: String) {
            let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
            self.init(rawValue: ending == "hdf5" ? "h5" : ending)
        }
    }

    /// The most bits a sample.
    public static let mostBits = 1 << 20

    /// The samples of a file, at least one.
    ///
    /// - Throws: `DataFileError` naming the file, and the line or the element, where it holds neither bits nor points;
    ///   `HDF5Error` where an HDF5 file cannot be read.
    public static func read(_ url: URL) throws -> Samples {
        switch try FileKind(contentsOf: url) {
        case .hdf5: return try hdf5(url.path)
        case .npy: return try npy(url)
        case .idx, .cifar10:
            throw DataFileError(
                url.path, "holds images: 'replicate convert --threshold 127' makes bits of their pixels")
        case .other(let what): throw DataFileError(url.path, what)
        case .unknown:
            let table = try NumberTable(contentsOf: url)
            return try samples(table.numbers, columns: table.columns, path: url.path) { index in
                "line \(table.lines[index / table.columns]), field \(index % table.columns + 1)"
            }
        }
    }

    /// The bits of a file.
    ///
    /// - Throws: as `read`, and `DataFileError` where the file holds points.
    public static func bits(_ url: URL) throws -> BinaryBatch {
        guard case .bits(let bits) = try read(url) else {
            throw DataFileError(url.path, "holds points of the plane, expected bits, 0 or 1")
        }
        return bits
    }

    private static func npy(_ url: URL) throws -> Samples {
        let array = try NPY(contentsOf: url)
        try check(array.shape, url.path)
        let columns = array.shape[1]
        func place(_ index: Int) -> String { "element [\(index / columns), \(index % columns)]" }
        if let bytes = array.uint8s { return .bits(try bits(bytes, columns: columns, path: url.path, place)) }
        return try samples(array.numbers, columns: columns, path: url.path, place)
    }

    private static func hdf5(_ path: String) throws -> Samples {
        let file = try HDF5File(path: path)
        let name = try file.describe("bits") != nil ? "bits" : "points"
        guard let found = try file.describe(name) else {
            throw DataFileError(path, "has neither an array 'bits', integers [N, d], nor 'points', floats [N, 2]")
        }
        if let shape = found.shape { try check(shape, path, array: "array '\(name)' ") }
        let rows = try file.rows(name)
        let columns = rows.shape[1]
        func place(_ index: Int) -> String { "'\(name)' [\(index / columns), \(index % columns)]" }
        if name == "bits", rows.elementType == .uint8 {
            return .bits(try bits(rows.read(0..<rows.rowCount, as: UInt8.self), columns: columns, path: path, place))
        }
        let numbers: [Double]
        switch rows.elementType {
        case .float64: numbers = try rows.read(0..<rows.rowCount, as: Double.self)
        case .float32: numbers = try rows.read(0..<rows.rowCount, as: Float.self).map(Double.init)
        default: numbers = try rows.integers()!.map(Double.init)
        }
        if name == "points" { return .points(try points(numbers, columns: columns, path: path, place)) }
        return .bits(try bits(numbers, columns: columns, path: path, place))
    }

    private static func check(_ shape: [Int], _ path: String, array: String = "") throws {
        guard shape.count == 2 else {
            throw DataFileError(
                path, "\(array)has the shape \(shape), expected [samples, bits], or [samples, 2] of points")
        }
        guard shape[0] >= 1, 1...mostBits ~= shape[1] else {
            throw DataFileError(
                path, "\(array)has the shape \(shape), expected at least one sample of 1 to \(mostBits) numbers")
        }
    }

    /// Bits where all numbers are 0 or 1, points where there are two columns.
    private static func samples(
        _ numbers: [Double], columns: Int, path: String, _ place: (Int) -> String
    ) throws -> Samples {
        if columns == 2, numbers.contains(where: { $0 != 0 && $0 != 1 }) {
            return .points(try points(numbers, columns: columns, path: path, place))
        }
        return .bits(try bits(numbers, columns: columns, path: path, place))
    }

    private static func bits<Number: Numeric>(
        _ numbers: [Number], columns: Int, path: String, _ place: (Int) -> String
    ) throws -> BinaryBatch {
        if let index = numbers.firstIndex(where: { $0 != 0 && $0 != 1 }) {
            throw DataFileError(path, "\(place(index)) is \(numbers[index]): bits are 0 or 1, points have two columns")
        }
        let bits = numbers as? [UInt8] ?? numbers.map { $0 == 1 ? 1 : 0 }
        return BinaryBatch(bits: bits, dimension: columns)
    }

    private static func points(
        _ numbers: [Double], columns: Int, path: String, _ place: (Int) -> String
    ) throws -> [SIMD2<Double>] {
        guard columns == 2 else {
            throw DataFileError(path, "'points' has \(columns) columns, expected 2, x and y")
        }
        if let index = numbers.firstIndex(where: { !$0.isFinite }) {
            throw DataFileError(path, "\(place(index)) is \(numbers[index]): coordinates are finite numbers")
        }
        return stride(from: 0, to: numbers.count, by: 2).map { SIMD2(numbers[$0], numbers[$0 + 1]) }
    }

    // MARK: - Writing

    /// Writes a file that `read` reads; the same samples give the same bytes. What is at the path is written over.
    ///
    /// - Throws: `HDF5Error` or `DataFileError` with the system's reason, such as a full disk.
    public static func write(_ samples: Samples, to path: String, as format: Format) throws {
        switch (samples, format) {
        case (_, .hdf5): try writeHDF5(samples, to: path)
        case (.bits(let bits), .npy):
            try writeDataFile(NPY(bits.bits, shape: [bits.count, bits.dimension]).contents, to: path)
        case (.points(let points), .npy):
            try writeDataFile(NPY(points.flatMap { [$0.x, $0.y] }, shape: [points.count, 2]).contents, to: path)
        case (.bits(let bits), .csv):
            try writeDataFile(NumberTable.text(bits: bits.bits, columns: bits.dimension), to: path)
        case (.points(let points), .csv): try writeDataFile(NumberTable.text(points: points), to: path)
        }
    }

    private static func writeHDF5(_ samples: Samples, to path: String) throws {
        let writer = try HDF5Writer()
        switch samples {
        case .bits(let bits):
            try writer.write(HDF5Array(bits.bits, shape: [bits.count, bits.dimension]), named: "bits")
        case .points(let points):
            try writer.write(HDF5Array(points.flatMap { [$0.x, $0.y] }, shape: [points.count, 2]), named: "points")
        }
        try writer.save(to: path)
    }
}
