import Foundation

/// Pictures side by side in rows and columns with their names, drawn by gnuplot from the pictures' files and a script
/// that stays beside the sheet: charts are drawn by it too, so that one program draws all text.
///
/// A row whose pictures have one colour scale, which their files say (see ``Image/colourScaleKey``), ends with a colour
/// bar.
///
/// ```swift
/// let sheet = Sheet(title: "samples", rows: ["K = 1", "K = 50"], columns: ["buffer", "fresh"], panels: [[a, b], [c, nil]])
/// try sheet.write(named: "samples", in: folder)     // samples.gp, samples.png
/// ```
public struct Sheet: Sendable, Equatable {
    public var title: String
    /// Beside each row; may be empty texts.
    public var rows: [String]
    /// Above each column.
    public var columns: [String]
    /// The pictures' PNG files, row by row; nil where there is none.
    public var panels: [[URL?]]

    public init(title: String, rows: [String], columns: [String], panels: [[URL?]]) {
        precondition(panels.count == rows.count && panels.allSatisfy { $0.count == columns.count })
        (self.title, self.rows, self.columns, self.panels) = (title, rows, columns, panels)
    }

    /// Pixels: between panels, of a letter, of a line, and the side that small pictures are magnified towards, by a whole
    /// number.
    private static let gap = 8, letter = 9, line = 22, side = 200
    /// The width of a colour bar and how many colours it shows.
    private static let bar = 14, shades = 64
    /// The width up to which pictures are magnified, and the widest sheet; a wider one is drawn smaller.
    private static let fullWidth = 1400, mostWidth = 1800

    /// Writes `name.gp` into a folder that exists, and has gnuplot make `name.png` from it.
    ///
    /// - Throws: as ``Chart/write(named:in:)``, and what reading a picture throws.
    @discardableResult
    public func write(named name: String, in folder: URL) throws(FigureError) -> URL {
        try Gnuplot.validate(name: name)
        let (script, picture) = (
            folder.appendingPathComponent(name + ".gp"), folder.appendingPathComponent(name + ".png")
        )
        try Gnuplot.write(try commands(name, from: folder), to: script)
        try Gnuplot.draw(
            script, making: picture, searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
        return picture
    }

    private func commands(_ name: String, from folder: URL) throws(FigureError) -> String {
        var sizes: [URL: (width: Int, height: Int)] = [:]
        var scales: [URL: ClosedRange<Double>] = [:]
        for case let panel? in panels.joined() where sizes[panel] == nil {
            let (image, text) = try Image.readPNG(panel)
            sizes[panel] = (image.width, image.height)
            scales[panel] = text.first { $0.key == Image.colourScaleKey }.flatMap { Image.colourScale($0.value) }
        }
        let bars = panels.map { row -> ClosedRange<Double>? in
            let all = Set(row.compactMap { $0 }.map { scales[$0] })
            return all.count == 1 ? all.first! : nil
        }
        let ends = bars.map { $0.map { [Self.number($0.upperBound), Self.number($0.lowerBound)] } ?? [] }
        let (width, height) = (sizes.values.map(\.width).max() ?? 1, sizes.values.map(\.height).max() ?? 1)
        let scale = max(1, min(Self.side / max(width, height), Self.fullWidth / (max(1, columns.count) * width)))
        let (cellWidth, cellHeight) = (width * scale + Self.gap, height * scale + Self.gap)
        let left = Self.gap + Self.letter * (rows.map(\.count).max() ?? 0) + Self.gap
        let hasColumns = columns.contains { !$0.isEmpty }
        // Long names of columns are turned.
        let longest = columns.map(\.count).max() ?? 0
        let isTurned = longest * Self.letter > cellWidth
        let top = Self.line + (hasColumns ? (isTurned ? longest * Self.letter : Self.line) : 0) + Self.gap
        let edge = left + columns.count * cellWidth
        let widest = ends.joined().map(\.count).max().map { Self.bar + Self.gap + $0 * Self.letter } ?? 0
        let (totalWidth, totalHeight) = (
            max(edge + widest, (title.count + 2) * Self.letter), top + rows.count * cellHeight
        )
        let factor = min(1, Double(Self.mostWidth) / Double(totalWidth))
        func pixels(_ length: Int) -> Int { max(1, Int(Double(length) * factor)) }
        var lines = [
            "# Draws the sheet again: gnuplot \(name).gp",
            "set terminal pngcairo noenhanced size \(pixels(totalWidth)),\(pixels(totalHeight)) font ',\(factor < 1 ? 10 : 11)'",
            "set encoding utf8",
            "set output \(Gnuplot.quoted(name + ".png"))",
            "unset border", "unset tics", "unset key",
            "set lmargin at screen 0", "set rmargin at screen 1", "set bmargin at screen 0", "set tmargin at screen 1",
            "set xrange [0:\(totalWidth)]", "set yrange [0:\(totalHeight)]",
        ]
        func label(_ text: String, _ x: Int, fromTop y: Int, _ style: String) {
            guard !text.isEmpty else { return }
            lines.append("set label \(Gnuplot.quoted(text)) at \(x),\(totalHeight - y) \(style)")
        }
        label(title, totalWidth / 2, fromTop: Self.line / 2 + 2, "center")
        for (column, text) in columns.enumerated() {
            let middle = left + column * cellWidth + (cellWidth - Self.gap) / 2
            label(text, middle, fromTop: top - Self.gap, isTurned ? "left rotate by 90" : "center offset 0,0.3")
        }
        for (row, text) in rows.enumerated() {
            label(text, left - Self.gap, fromTop: top + row * cellHeight + (cellHeight - Self.gap) / 2, "right")
        }
        for row in rows.indices where bars[row] != nil {
            let (start, height) = (top + row * cellHeight, cellHeight - Self.gap)
            lines += Self.bar(left: edge, bottom: totalHeight - start - height, height: height)
            label(ends[row][0], edge + Self.bar + 4, fromTop: start + Self.letter, "left")
            label(ends[row][1], edge + Self.bar + 4, fromTop: start + height - Self.letter, "left")
        }
        var parts: [String] = []
        for (row, pictures) in panels.enumerated() {
            for (column, picture) in pictures.enumerated() {
                guard let picture, let size = sizes[picture] else { continue }
                let file = Gnuplot.quoted(relativePath(of: picture, from: folder))
                let x = Double(left + column * cellWidth) + 0.5 * Double(scale)
                let y = Double(totalHeight - top - row * cellHeight - size.height * scale) + 0.5 * Double(scale)
                parts.append(
                    "\(file) binary filetype=png origin=(\(x),\(y)) dx=\(scale) dy=\(scale) with rgbimage notitle")
            }
        }
        lines.append("plot " + parts.joined(separator: ", \\\n     "))
        return lines.joined(separator: "\n") + "\n"
    }

    /// A colour bar, its greatest value on top.
    private static func bar(left: Int, bottom: Int, height: Int) -> [String] {
        (0..<shades).map { shade in
            let colour = ColorMap.perceptual[Double(shade) / Double(shades - 1)]
            let (low, high) = (Double(height * shade) / Double(shades), Double(height * (shade + 1)) / Double(shades))
            let hex = String(format: "#%02x%02x%02x", Int(colour.x), Int(colour.y), Int(colour.z))
            return
                "set object rectangle from \(left),\(Double(bottom) + low) to \(left + bar),\(Double(bottom) + high) fillcolor rgb '\(hex)' fillstyle solid noborder"
        }
    }

    private static func number(_ value: Double) -> String { String(format: "%.3g", value) }
}

/// The way from a folder to a file, so that both can be moved together.
package func relativePath(of file: URL, from folder: URL) -> String {
    let (there, here) = (file.standardizedFileURL.pathComponents, folder.standardizedFileURL.pathComponents)
    let shared = zip(there, here).prefix { $0 == $1 }.count
    return ([String](repeating: "..", count: here.count - shared) + there.dropFirst(shared)).joined(separator: "/")
}
