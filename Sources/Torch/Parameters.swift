/// The learnable tensors of a model, by name, in a fixed order.
public struct Parameters: RandomAccessCollection {
    public typealias Element = (name: String, tensor: Tensor)

    private let elements: [Element]

    /// - Precondition: names are distinct.
    public init(_ elements: [Element]) {
        require(Set(elements.map(\.name)).count == elements.count, "parameter names repeat")
        self.elements = elements
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Element { elements[position] }

    /// The tensor of that name, or nil.
    public subscript(name: String) -> Tensor? { elements.first { $0.name == name }?.tensor }

    public var tensors: [Tensor] { elements.map(\.tensor) }
    public var names: [String] { elements.map(\.name) }

    /// How many numbers there are to learn.
    public var elementCount: Int { elements.reduce(0) { $0 + $1.tensor.count } }

    /// The same parameters under names with a prefix and a dot.
    public func prefixed(_ prefix: String) -> Parameters {
        Parameters(elements.map { ("\(prefix).\($0.name)", $0.tensor) })
    }

    public static func + (a: Parameters, b: Parameters) -> Parameters { Parameters(a.elements + b.elements) }

    /// In place: takes over the numbers of parameters that agree in names, order and shapes.
    public func assign(_ other: Parameters) {
        require(names == other.names, "parameters \(other.names) do not fit \(names)")
        require(
            tensors.map(\.shape) == other.tensors.map(\.shape),
            "parameters of shapes \(other.tensors.map(\.shape)) do not fit \(tensors.map(\.shape))")
        withoutGradients { for (mine, theirs) in zip(self, other) { mine.tensor.assign(theirs.tensor) } }
    }
}
