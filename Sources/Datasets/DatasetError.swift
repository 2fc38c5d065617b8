/// What is wrong with a data set's name, its setting or its content, in one line that also says what would be right.
public enum DatasetError: Error, Equatable, Sendable {
    /// No toy data set has this name.
    case unknownDataset(String)
    /// A point of two coordinates cannot be coded in this many bits.
    case dimension(Int)
    /// The scale that turns a coordinate into an integer is not a positive finite number.
    case scale(Double)
    /// This many points cannot be drawn; `rule` says which numbers can.
    case pointCount(Int, dataset: ToyDataset, rule: String)
    /// The point at this index has a coordinate that is not a number, which no code stands for.
    case notANumber(pointIndex: Int)
    /// This many bits do not make whole points of `dimension` bits.
    case bitCount(Int, dimension: Int)
    /// The element at this index is neither 0 nor 1.
    case notABit(UInt8, index: Int)
    /// A saved generator state that no generator can have been in.
    case randomState(String)
}

extension DatasetError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownDataset(let name):
            let names = ToyDataset.allCases.map(\.rawValue).joined(separator: ", ")
            return "unknown data set '\(name)': the toy data sets are \(names)"
        case .dimension(let d):
            return "dimension \(d): a point takes an even number of bits from "
                + "\(GrayCode.dimensions.lowerBound) to \(GrayCode.dimensions.upperBound)"
        case .scale(let scale):
            return "scale \(scale): the factor from a coordinate to its integer code must be positive and finite"
        case .pointCount(let count, let dataset, let rule):
            return "\(count) points of '\(dataset.rawValue)': \(rule)"
        case .notANumber(let index):
            return "point \(index) has a coordinate that is not a number: only numbers have a Gray code"
        case .bitCount(let count, let dimension):
            return "\(count) bits are no whole number of points of \(dimension) bits each"
        case .notABit(let value, let index):
            return "element \(index) is \(value): bits are 0 or 1"
        case .randomState(let fault):
            return "saved random state: \(fault)"
        }
    }
}
