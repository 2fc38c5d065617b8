import Foundation

// An SVG picture of a chart. It is drawn here since its points are to say their values where the pointer rests on them
// without a script, which gnuplot's SVG needs. It has the axes, ticks, colours and markers of gnuplot's picture.
extension Chart {
    /// The chart as an SVG element, its legend below the axes; a point says its values where the pointer rests on it.
    ///
    /// Text takes the colour and font of the page around it, series take theirs from ``styleSheet``.
    /// - Parameter isStandalone: whether the text is that of a file: with the namespace, the title and the style sheet.
    public func svg(isStandalone: Bool = false) -> String { SVGDrawing(self, isStandalone: isStandalone).text }

    /// The rules that SVG charts of a page share.
    public static var styleSheet: String {
        let plain = """
            svg.chart { font-family: system-ui, sans-serif; font-size: 13px; color: #1c1e21; }
            svg.chart text { fill: currentColor; }
            .chart .axis { stroke: currentColor; stroke-width: 1; fill: none; }
            .chart .grid { stroke: currentColor; stroke-width: 1; fill: none; opacity: 0.13; }
            .chart .line { stroke: currentColor; stroke-width: 1.8; fill: none; stroke-linejoin: round; }
            .chart .band { fill: currentColor; opacity: 0.16; }
            .chart .level { stroke: currentColor; stroke-width: 1.2; fill: none; stroke-dasharray: 1 3; stroke-linecap: round; }
            .chart .full { fill: currentColor; }
            .chart .open { fill: none; stroke: currentColor; stroke-width: 1.5; }
            .chart .hit { fill: transparent; }
            .chart .hit:hover { fill: currentColor; fill-opacity: 0.35; }

            """
        func rules(_ colour: (Int) -> String) -> String {
            Style.colours.indices.map { ".chart .s\($0) { color: \(colour($0)); }\n" }.joined()
        }
        return plain + rules { Style.colours[$0].0 } + "@media (prefers-color-scheme: dark) {\n"
            + "svg.chart { color: #e4e6ea; }\n" + rules { Style.colours[$0].1 } + "}\n"
            + "@media print {\nsvg.chart { color: #000; }\n" + rules { Style.colours[$0].0 } + "}\n"
    }
}

extension String {
    /// The text with what HTML and XML mean something by escaped, scalar by scalar, so that a mark that combines with a
    /// bracket hides none. Control characters but tabs and line ends are left out: XML has none.
    public var escapedForMarkup: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            switch scalar {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            default: if scalar.properties.generalCategory != .control { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }
}

/// The elements of one chart. Lengths are in the units of its view box.
private struct SVGDrawing {
    private let chart: Chart
    private let isStandalone: Bool
    private let x: Chart.Scale, y: Chart.Scale
    private let left: Double, top: Double

    private static let width = 560.0, plotHeight = 290.0, right = 16.0, line = 19.0, letter = 6.6
    /// The most points of a series that say their values.
    private static let mostHits = 60

    init(_ chart: Chart, isStandalone: Bool) {
        (self.chart, self.isStandalone) = (chart, isStandalone)
        (x, y) = chart.scales
        left = 14 + Self.letter * Double(y.ticks.map(\.label.count).max() ?? 1) + 8
        top = isStandalone ? 50 : 28
    }

    private var plotWidth: Double { Self.width - left - Self.right }
    private var bottom: Double { top + Self.plotHeight }

    var text: String {
        let (legend, legendHeight) = legend
        let height = bottom + 44 + legendHeight
        var parts = [
            "<svg class=\"chart\" viewBox=\"0 0 \(number(Self.width)) \(number(height))\" role=\"img\""
                + (isStandalone
                    ? " xmlns=\"http://www.w3.org/2000/svg\" width=\"\(number(Self.width))\" height=\"\(number(height))\""
                    : "")
                + " aria-label=\"\(description.escapedForMarkup)\">"
        ]
        if isStandalone {
            parts.append("<style>\(Chart.styleSheet.escapedForStyle)</style>")
            parts.append(label(chart.title, Self.width / 2, 18, "middle"))
        }
        parts += axes
        for (index, series) in chart.series.enumerated() {
            let style = Chart.Style(ofSeries: index)
            parts.append("<g class=\"s\(index % Chart.Style.colours.count)\">")
            if let band = band(of: series) { parts.append(band) }
            parts += lines(of: series, style)
            parts += marks(of: series, style)
            parts.append("</g>")
        }
        for level in chart.levels where chart.y.holds(level.value) {
            let place = number(vertical(level.value))
            parts.append(
                "<path class=\"level\" d=\"M\(number(left)) \(place)H\(number(Self.width - Self.right))\"><title>\("\(level.label): \(Self.value(level.value))".escapedForMarkup)</title></path>"
            )
        }
        return (parts + legend + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    /// What a reader hears.
    private var description: String {
        let names = (chart.series.map(\.label) + chart.levels.map(\.label)).filter { !$0.isEmpty }
        return "Line chart: \(chart.title). Horizontal: \(chart.x.label). Vertical: \(chart.y.label). "
            + "Lines: \(names.joined(separator: "; "))."
    }

    // MARK: - Places

    private func horizontal(_ value: Double) -> Double { left + x.place(value) * plotWidth }
    private func vertical(_ value: Double) -> Double {
        bottom - min(1.02, max(-0.02, y.place(value))) * Self.plotHeight
    }

    private func number(_ value: Double) -> String {
        let text = String(format: "%.1f", value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func value(_ value: Double) -> String { String(format: "%.4g", value) }

    private func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(text.escapedForMarkup)</text>"
    }

    // MARK: - Parts

    private var axes: [String] {
        let end = Self.width - Self.right
        var grid = "", marks = "", labels: [String] = []
        for tick in x.ticks {
            let place = horizontal(tick.value)
            grid += "M\(number(place)) \(number(top))V\(number(bottom))"
            labels.append(label(tick.label, place, bottom + 17, "middle"))
        }
        for tick in y.ticks {
            let place = vertical(tick.value)
            grid += "M\(number(left)) \(number(place))H\(number(end))"
            labels.append(label(tick.label, left - 7, place + 4.5, "end"))
        }
        for value in x.minorTicks { marks += "M\(number(horizontal(value))) \(number(bottom))v-4" }
        for value in y.minorTicks { marks += "M\(number(left)) \(number(vertical(value)))h4" }
        let frame = "M\(number(left)) \(number(top))V\(number(bottom))H\(number(end))"
        return ["<path class=\"grid\" d=\"\(grid)\"/>", "<path class=\"axis\" d=\"\(frame)\(marks)\"/>"] + labels + [
            label(chart.y.label, 4, top - 11, "start"),
            label(chart.x.label, left + plotWidth / 2, bottom + 37, "middle"),
        ]
    }

    /// The points of a series in runs that no gap parts, no more than the picture can show: of many at one place across
    /// the first, the least, the greatest and the last.
    private func runs(of series: Chart.Series) -> [[SIMD2<Double>]] {
        var runs: [[SIMD2<Double>]] = [[]]
        for (a, b) in zip(series.x, series.y) {
            if chart.x.holds(a), chart.y.holds(b) {
                runs[runs.count - 1].append(SIMD2(horizontal(a), vertical(b)))
            } else if !runs[runs.count - 1].isEmpty {
                runs.append([])
            }
        }
        return runs.filter { !$0.isEmpty }.map { run in
            guard run.count > 600 else { return run }
            var thinned: [SIMD2<Double>] = [], column: [SIMD2<Double>] = []
            func empty() {
                guard let first = column.first, let last = column.last else { return }
                let ends = [column.min { $0.y < $1.y }!, column.max { $0.y < $1.y }!].sorted { $0.x < $1.x }
                for point in [first] + ends + [last] where thinned.last != point { thinned.append(point) }
                column = []
            }
            for point in run {
                if let first = column.first, floor(point.x * 0.5) != floor(first.x * 0.5) { empty() }
                column.append(point)
            }
            empty()
            return thinned
        }
    }

    private func path(_ points: [SIMD2<Double>]) -> String {
        "M" + points.map { "\(number($0.x)) \(number($0.y))" }.joined(separator: "L")
    }

    private func lines(of series: Chart.Series, _ style: Chart.Style) -> [String] {
        let path = runs(of: series).filter { $0.count > 1 }.map(path).joined()
        guard !path.isEmpty else { return [] }
        let dashes = style.dashes.isEmpty ? "" : " stroke-dasharray=\"\(style.dashes)\""
        return ["<path class=\"line\"\(dashes) d=\"\(path)\"/>"]
    }

    private func band(of series: Chart.Series) -> String? {
        guard let band = series.band else { return nil }
        let floor = chart.bandFloor ?? -.infinity
        let step = max(1, series.x.count / 300)
        let edges = stride(from: 0, to: series.x.count, by: step).compactMap { i -> (SIMD2<Double>, SIMD2<Double>)? in
            let (lower, upper) = (max(floor, band[i].x), band[i].y)
            guard chart.x.holds(series.x[i]), chart.y.holds(lower), chart.y.holds(upper) else { return nil }
            let place = horizontal(series.x[i])
            return (SIMD2(place, vertical(lower)), SIMD2(place, vertical(upper)))
        }
        guard edges.count > 1 else { return nil }
        return "<path class=\"band\" d=\"\(path(edges.map(\.1) + edges.reversed().map(\.0)))Z\"/>"
    }

    /// Markers, and places that say the values.
    private func marks(of series: Chart.Series, _ style: Chart.Style) -> [String] {
        let shown = series.x.indices.filter { chart.x.holds(series.x[$0]) && chart.y.holds(series.y[$0]) }
        let (marked, hit) = (Chart.markInterval(shown.count), max(1, (shown.count + Self.mostHits - 1) / Self.mostHits))
        var parts = stride(from: 0, to: shown.count, by: marked).map { place in
            marker(style.marker, at: SIMD2(horizontal(series.x[shown[place]]), vertical(series.y[shown[place]])))
        }
        parts += stride(from: 0, to: shown.count, by: hit).map { place in
            let i = shown[place]
            var text =
                "\(series.label.isEmpty ? "" : "\(series.label)\n")\(chart.x.label): \(Self.value(series.x[i]))\n"
            text += "\(chart.y.label): \(Self.value(series.y[i]))"
            if let band = series.band { text += " (\(Self.value(band[i].x)) to \(Self.value(band[i].y)))" }
            return
                "<circle class=\"hit\" cx=\"\(number(horizontal(series.x[i])))\" cy=\"\(number(vertical(series.y[i])))\" r=\"7\"><title>\(text.escapedForMarkup)</title></circle>"
        }
        return parts
    }

    private func marker(_ marker: Chart.Marker, at centre: SIMD2<Double>) -> String {
        let radius = 3.4, kind = marker.isOpen ? "open" : "full"
        let corners = marker.corners.map { centre + radius * $0 }
        if corners.isEmpty {
            return
                "<circle class=\"\(kind)\" cx=\"\(number(centre.x))\" cy=\"\(number(centre.y))\" r=\"\(number(radius))\"/>"
        }
        let path =
            marker == .cross
            ? path([corners[0], corners[1]]) + self.path([corners[2], corners[3]]) : path(corners) + "Z"
        return "<path class=\"\(kind)\" d=\"\(path)\"/>"
    }

    /// The names below the axes, in rows as wide as the picture, and how high they are.
    private var legend: ([String], Double) {
        var parts: [String] = [], place = SIMD2(left, bottom + 62)
        func entry(_ name: String, _ sample: (SIMD2<Double>) -> String) {
            let width = 34 + Self.letter * Double(name.count) + 16
            if place.x + width > Self.width, place.x > left { place = SIMD2(left, place.y + Self.line) }
            parts.append(sample(place) + label(name, place.x + 32, place.y, "start"))
            place.x += width
        }
        for (index, series) in chart.series.enumerated() where !series.label.isEmpty {
            let style = Chart.Style(ofSeries: index)
            entry(series.label) { place in
                let dashes = style.dashes.isEmpty ? "" : " stroke-dasharray=\"\(style.dashes)\""
                let line = "<path class=\"line\"\(dashes) d=\"M\(number(place.x)) \(number(place.y - 4.5))h26\"/>"
                let mark = marker(style.marker, at: place + SIMD2(13, -4.5))
                return "<g class=\"s\(index % Chart.Style.colours.count)\">\(line)\(mark)</g>"
            }
        }
        for level in chart.levels where chart.y.holds(level.value) {
            entry(level.label) { "<path class=\"level\" d=\"M\(number($0.x)) \(number($0.y - 4.5))h26\"/>" }
        }
        return (parts, parts.isEmpty ? 0 : place.y - bottom - 44 + 8)
    }
}

extension String {
    /// A style sheet within an SVG file: its only brackets would end it.
    fileprivate var escapedForStyle: String { replacingOccurrences(of: "<", with: "") }
}
