/// An array of a file being put together that is written in parts along its first dimension.
public struct HDF5WritableRows {
    let name: String
    let elementType: ElementType
    /// The extent of each dimension, outermost first.
    public let shape: [Int]
    let writer: HDF5Writer

    /// Writes whole entries along the first dimension, row-major, from `start` on.
    ///
    /// - Precondition: the elements are of the array's type, fill whole entries, and these lie within the shape.
    public func write<Element: HDF5Element>(_ elements: [Element], from start: Int) throws {
        let size = shape.dropFirst().reduce(1, *)
        precondition(
            Element.elementType == elementType && elements.count.isMultiple(of: size), "elements do not fit the array")
        let count = elements.count / size
        precondition(0 <= start && start + count <= shape[0], "rows \(start) ..< \(start + count) of \(shape[0])")
        guard count > 0 else { return }
        try elements.withUnsafeBytes { try writer.writePart(self, from: start, count: count, $0.baseAddress!) }
    }
}
