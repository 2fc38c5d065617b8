import Foundation

extension Image {
    /// A matrix as colours, from its smallest finite value to its largest; a constant one gets the middle of the map.
    /// Values that are not finite are marked by ``ColorMap/notFinite``.
    /// - Parameters:
    ///   - values: shape [rows, columns], row-major, the first row at the top.
    ///   - scale: the values of the first and the last colour, so that several maps can be compared; the values' own
    ///     least and greatest where nil. What lies outside has the colour of the nearer end.
    ///   - magnification: side of the square of pixels for a value, 1 to 1000.
    /// - Returns: an RGB image.
    /// - Throws: ``FigureError/size(_:)`` or ``FigureError/parameter(_:)``.
    public static func heatMap(
        values: [Double], rows: Int, columns: Int, scale: ClosedRange<Double>? = nil,
        colorMap: ColorMap = .perceptual, magnification: Int = 1
    ) throws(FigureError) -> Image {
        guard rows >= 1, columns >= 1, values.count.isMultiple(of: rows), values.count / rows == columns else {
            throw .size("\(values.count) values for a heat map of \(rows) rows and \(columns) columns")
        }
        var lowest = Double.infinity
        var highest = -Double.infinity
        for value in values where value.isFinite {
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
        if let scale { (lowest, highest) = (scale.lowerBound, scale.upperBound) }
        // Halved, so that the difference of the largest doubles is a double too.
        let span = highest / 2 - lowest / 2
        let pixels = values.flatMap { value in
            let colour = colorMap[
                !value.isFinite ? value : span > 0 ? max(0, min(1, (value / 2 - lowest / 2) / span)) : 0.5]
            return [colour.x, colour.y, colour.z]
        }
        return try Image(width: columns, height: rows, channels: 3, pixels: pixels).magnified(by: magnification)
    }

    /// Where points lie in the plane: a two-dimensional histogram, coloured by log(1 + count) from 0 to the fullest
    /// bin. The y axis points up. Points out of range are left out, and so are those that are not finite.
    /// - Parameters:
    ///   - range: of both coordinates, not empty; a point on its upper end falls in the last bin.
    ///   - bins: on each axis, at least 1.
    ///   - fullScale: the count that gets the last colour, so that pictures can be compared; the fullest bin's where
    ///     nil.
    ///   - magnification: side of the square of pixels for a bin, 1 to 1000.
    /// - Returns: an RGB image of bins × bins squares.
    /// - Throws: ``FigureError/size(_:)`` or ``FigureError/parameter(_:)``.
    public static func density(
        points: [SIMD2<Double>], range: ClosedRange<Double>, bins: Int, fullScale: Int? = nil,
        colorMap: ColorMap = .perceptual,
        magnification: Int = 1
    ) throws(FigureError) -> Image {
        let extent = range.upperBound - range.lowerBound
        guard extent > 0, extent.isFinite else {
            throw .parameter(
                "a density over \(range.lowerBound) ... \(range.upperBound): the range must be finite and not empty")
        }
        guard (1...10_000).contains(bins) else {
            throw .parameter("a density of \(bins) bins: there must be from 1 to 10000")
        }
        if let fullScale, fullScale < 1 { throw .parameter("full scale of \(fullScale) points: it must be at least 1") }
        var counts = [Int](repeating: 0, count: bins * bins)
        for point in points where range.contains(point.x) && range.contains(point.y) {
            let column = min(Int((point.x - range.lowerBound) / extent * Double(bins)), bins - 1)
            let row = min(Int((point.y - range.lowerBound) / extent * Double(bins)), bins - 1)
            counts[(bins - 1 - row) * bins + column] += 1
        }
        let full = max(fullScale ?? counts.max() ?? 1, 1)
        let pixels = counts.flatMap { count in
            let colour = colorMap[log1p(Double(count)) / log1p(Double(full))]
            return [colour.x, colour.y, colour.z]
        }
        return try Image(width: bins, height: bins, channels: 3, pixels: pixels).magnified(by: magnification)
    }
}
