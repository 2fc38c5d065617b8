import Foundation

/// A line chart, drawn by gnuplot from a data file and a script that stay beside it.
///
/// ```swift
/// let loss = try Chart.Series("RMwGGIS", x: iterations, y: losses)
/// let chart = Chart(title: "2spirals", x: .init("iteration"), y: .init("loss", isLogarithmic: true), series: [loss])
/// try chart.write(named: "loss", in: folder)     // loss.tsv, loss.gp, loss.png
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

    public init(title: String, x: Axis, y: Axis, series: [Series]) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
    }

    // MARK: - Drawing

    /// Writes `name.tsv` and `name.gp` into a folder that exists, and has gnuplot make `name.png`, of 960 × 640 pixels,
    /// from them.
    /// - Parameter name: begins with a letter or digit and holds no slash and no control character.
    /// - Returns: where the picture is.
    /// - Throws: ``FigureError/chart(_:)`` for an unusable name or no series; ``FigureError/cannotOpen(path:reason:)``
    ///   or ``FigureError/cannotWrite(path:reason:)``; ``FigureError/gnuplotMissing(script:)`` or
    ///   ``FigureError/gnuplotFailed(script:reason:)``, after which data and script are there but no picture.
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
        var lines = [
            "# Draws the chart again: gnuplot \(name).gp",
            "set terminal pngcairo noenhanced size 960,640 font ',11'",
            "set encoding utf8",
            "set output \(Gnuplot.quoted(name + ".png"))",
            "set datafile separator tab",
            "set colorsequence podo",
            "set grid linewidth 0.5",
            "set title \(Gnuplot.quoted(title))",
            "set xlabel \(Gnuplot.quoted(x.label))",
            "set ylabel \(Gnuplot.quoted(y.label))",
        ]
        if x.isLogarithmic { lines.append("set logscale x") }
        if y.isLogarithmic { lines.append("set logscale y") }
        let hasPoint = series.contains { series in zip(series.x, series.y).contains { x.holds($0) && y.holds($1) } }
        if !hasPoint {
            // Without a point gnuplot finds no range and fails; this draws empty axes.
            lines.append("set xrange [1:10]")
            lines.append("set yrange [1:10]")
        }
        // On a logarithmic axis a band that nears zero is cut a decade below the lowest point of the lines, or it would
        // be all there is to see.
        let floor = (series.flatMap(\.y).filter(y.holds).min() ?? 1) / 10
        let lower = y.isLogarithmic ? "($3 <= \(floor) ? \(floor) : $3)" : "3"

        let file = Gnuplot.quoted(name + ".tsv")
        var parts: [String] = []
        for (index, series) in series.enumerated() where series.band != nil {
            parts.append(
                "\(file) index \(index) using 1:\(lower):4 with filledcurves linecolor \(index + 1) fillstyle transparent solid 0.2 noborder notitle"
            )
        }
        for (index, series) in series.enumerated() {
            // The colours come round after eight: dashes tell the rounds apart.
            let dashes = index < 8 ? "" : " dashtype \(index / 8 + 1)"
            let style = series.x.count == 1 ? "points pointtype 7" : "lines linewidth 2\(dashes)"
            let key = series.label.isEmpty ? "notitle" : "title \(Gnuplot.quoted(series.label))"
            parts.append("\(file) index \(index) using 1:2 with \(style) linecolor \(index + 1) \(key)")
        }
        lines.append("plot " + parts.joined(separator: ", \\\n     "))
        return lines.joined(separator: "\n") + "\n"
    }
}
