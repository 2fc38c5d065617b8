import Foundation

/// A line chart: a PNG that gnuplot draws from a data file and a script that stay beside it, and an SVG.
///
/// ```swift
/// let loss = try Chart.Series("RMwGGIS", x: iterations, y: losses)
/// let chart = Chart(title: "2spirals", x: .init("iteration"), y: .init("loss", isLogarithmic: true), series: [loss])
/// try chart.write(named: "loss", in: folder)     // loss.tsv, loss.gp, loss.png, loss.svg
/// ```
///
/// The script names its files relative to the folder: `gnuplot loss.gp` there draws the chart again. Numbers that are
/// not finite leave a gap in their line, and on a logarithmic axis those that are not positive do too. All text appears
/// as it is: gnuplot's markup is off.
public struct Chart: Sendable, Equatable {
    /// A line, with an optional band around it.
    public struct Series: Sendable, Equatable {
        /// Its name in the key; empty to leave it out.
        public let label: String
        public let x: [Double]
        public let y: [Double]
        /// Lower and upper edge of the band at every x.
        public let band: [SIMD2<Double>]?

        /// - Throws: ``FigureError/chart(_:)`` if the lengths differ.
        public init(_ label: String, x: [Double], y: [Double]) throws(FigureError) {
            try self.init(label, x: x, y: y, band: nil)
        }

        /// A line with the band lower ... upper, such as the spread over seeds.
        /// - Throws: ``FigureError/chart(_:)`` if the lengths differ.
        public init(_ label: String, x: [Double], y: [Double], lower: [Double], upper: [Double]) throws(FigureError) {
            guard lower.count == x.count, upper.count == x.count else {
                throw .chart(
                    "series '\(label)': a band of \(lower.count) lower and \(upper.count) upper edges for \(x.count) points"
                )
            }
            try self.init(label, x: x, y: y, band: zip(lower, upper).map { SIMD2($0, $1) })
        }

        private init(_ label: String, x: [Double], y: [Double], band: [SIMD2<Double>]?) throws(FigureError) {
            guard x.count == y.count else {
                throw .chart("series '\(label)': \(y.count) values of y for \(x.count) of x")
            }
            self.label = label
            self.x = x
            self.y = y
            self.band = band
        }
    }

    /// A control that the lines are held against: a level line from end to end.
    public struct Level: Sendable, Equatable {
        public let label: String
        public let value: Double

        public init(_ label: String, _ value: Double) { (self.label, self.value) = (label, value) }
    }

    /// What an axis shows.
    public struct Axis: Sendable, Equatable {
        public let label: String
        public let isLogarithmic: Bool

        public init(_ label: String, isLogarithmic: Bool = false) {
            self.label = label
            self.isLogarithmic = isLogarithmic
        }

        /// Whether a number has a place on this axis.
        func holds(_ value: Double) -> Bool { value.isFinite && (value > 0 || !isLogarithmic) }
    }

    public var title: String
    public var x: Axis
    public var y: Axis
    public var series: [Series]
    public var levels: [Level]

    public init(title: String, x: Axis, y: Axis, series: [Series], levels: [Level] = []) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
        self.levels = levels
    }

    /// On a logarithmic axis, where a band that nears zero is cut: a decade below the lowest point of the lines, or it
    /// would be all there is to see. nil on a linear one.
    var bandFloor: Double? { y.isLogarithmic ? (series.flatMap(\.y).filter(y.holds).min() ?? 1) / 10 : nil }

    // MARK: - Drawing

    /// Writes `name.tsv`, `name.gp` and `name.svg` into a folder that exists, and has gnuplot make `name.png` from the
    /// first two, 560 pixels high and as wide as its names need.
    /// - Parameter name: begins with a letter or digit and holds no slash and no control character.
    /// - Returns: where the PNG is.
    /// - Throws: ``FigureError/chart(_:)`` for an unusable name or no series; ``FigureError/cannotOpen(path:reason:)``
    ///   or ``FigureError/cannotWrite(path:reason:)``; ``FigureError/gnuplotMissing(script:)`` or
    ///   ``FigureError/gnuplotFailed(script:reason:)``, after which all is there but the PNG.
    @discardableResult
    public func write(named name: String, in folder: URL) throws(FigureError) -> URL {
        try write(named: name, in: folder, searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
    }

    /// The same, with gnuplot looked for in these folders, separated by colons.
    package func write(named name: String, in folder: URL, searchPath: String) throws(FigureError) -> URL {
        try Gnuplot.validate(name: name)
        guard !series.isEmpty else { throw .chart("chart '\(name)' has no series: there must be at least one") }
        let script = folder.appendingPathComponent(name + ".gp")
        let picture = folder.appendingPathComponent(name + ".png")
        try Gnuplot.write(table, to: folder.appendingPathComponent(name + ".tsv"))
        try Gnuplot.write(commands(name), to: script)
        try Gnuplot.write(svg(isStandalone: true), to: folder.appendingPathComponent(name + ".svg"))
        try Gnuplot.draw(script, making: picture, searchPath: searchPath)
        return picture
    }

    /// The data: a line per point of x, y, lower and upper edge and the series' label, separated by tabs; two empty
    /// lines after each series but the last, which is what gnuplot's `index` counts.
    private var table: String {
        let blocks = series.map { series in
            let label = Gnuplot.oneLine(series.label)
            func line(_ numbers: [Double]) -> String {
                (numbers.map { $0.isFinite ? "\($0)" : "NaN" } + [label]).joined(separator: "\t") + "\n"
            }
            let lines = series.x.indices.map { i in
                line([series.x[i], series.y[i], series.band?[i].x ?? .nan, series.band?[i].y ?? .nan])
            }
            // A series without points still counts as a block.
            return lines.isEmpty ? line([.nan, .nan, .nan, .nan]) : lines.joined()
        }
        return "# x\ty\tlower\tupper\tseries\n" + blocks.joined(separator: "\n\n")
    }

    private func commands(_ name: String) -> String {
        let (x, y) = scales
        let names = (series.map(\.label) + levels.map(\.label)).filter { !$0.isEmpty }
        let legend = names.isEmpty ? 0 : 60 + 8 * names.map(\.count).max()!
        func tics(_ scale: Scale) -> String {
            let named = scale.ticks.map { "\(Gnuplot.quoted($0.label)) \($0.value)" }
            return "(" + (named + scale.minorTicks.map { "'' \($0) 1" }).joined(separator: ", ") + ")"
        }
        var lines = [
            "# Draws the chart again: gnuplot \(name).gp",
            "set terminal pngcairo noenhanced size \(760 + legend),560 font ',11'",
            "set encoding utf8",
            "set output \(Gnuplot.quoted(name + ".png"))",
            "set datafile separator tab",
            "set border 3", "set grid linewidth 0.5", "set tics nomirror",
            names.isEmpty ? "unset key" : "set key outside right top Left reverse samplen 3 spacing 1.2",
            "set title \(Gnuplot.quoted(title))",
            "set xlabel \(Gnuplot.quoted(self.x.label))",
            "set ylabel \(Gnuplot.quoted(self.y.label))",
        ]
        if x.isLogarithmic { lines.append("set logscale x") }
        if y.isLogarithmic { lines.append("set logscale y") }
        lines += [
            "set xrange [\(x.lower):\(x.upper)]", "set yrange [\(y.lower):\(y.upper)]", "set xtics \(tics(x))",
            "set ytics \(tics(y))",
        ]
        lines.append("plot " + parts(Gnuplot.quoted(name + ".tsv")).joined(separator: ", \\\n     "))
        return lines.joined(separator: "\n") + "\n"
    }

    /// What gnuplot's `plot` draws: bands, lines with their markers, levels.
    private func parts(_ file: String) -> [String] {
        let lower = bandFloor.map { "($3 <= \($0) ? \($0) : $3)" } ?? "3"
        var parts: [String] = []
        for (index, series) in series.enumerated() where series.band != nil {
            parts.append(
                "\(file) index \(index) using 1:\(lower):4 with filledcurves linecolor rgb '\(Style(ofSeries: index).colour)' fillstyle transparent solid 0.16 noborder notitle"
            )
        }
        func key(_ label: String) -> String { label.isEmpty ? "notitle" : "title \(Gnuplot.quoted(label))" }
        for (index, series) in series.enumerated() {
            let style = Style(ofSeries: index)
            let colour = "linecolor rgb '\(style.colour)'"
            let point = "pointtype \(style.marker.pointType) pointsize 1.2"
            let line =
                "linespoints linewidth 2 dashtype \(style.dashType) \(point) pointinterval \(Self.markInterval(series.x.count))"
            parts.append(
                "\(file) index \(index) using 1:2 with \(series.x.count == 1 ? "points \(point)" : line) \(colour) \(key(series.label))"
            )
        }
        for level in levels where y.holds(level.value) {
            parts.append(
                "\(level.value) with lines linewidth 1.5 dashtype 3 linecolor rgb '#333333' \(key(level.label))")
        }
        return parts
    }
}
