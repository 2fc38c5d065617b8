import Figures
import Foundation
import Testing

private let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
private let hasGnuplot = path.split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot")
}

private func example() throws -> Chart {
    let x = (1...50).map(Double.init)
    return try Chart(
        title: "a_b {c} 'q' \"d\" `date` @x \\", x: .init("iteration_{t}", isLogarithmic: true),
        y: .init("loss (nats), β", isLogarithmic: true),
        series: [
            .init("it's_{1}", x: x, y: x.map { 1 / $0 }, lower: x.map { 1 / $0 - 0.1 }, upper: x.map { 1 / $0 + 0.1 }),
            .init("with a gap", x: x, y: x.map { $0 == 20 ? .nan : $0 }),
            .init("", x: [3], y: [3]),
        ], levels: [.init("a control", 5)])
}

/// How many pixels of a chart are neither white nor grey: what its coloured lines cover.
private func colouredPixels(_ image: Image) -> Int {
    stride(from: 0, to: image.pixels.count, by: 3).count { i in
        let pixel = image.pixels[i..<i + 3]
        return pixel.max()! - pixel.min()! > 40
    }
}

@Suite struct ChartTests {
    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed (package gnuplot-nox)"))
    func chartIsDrawnAndCanBeDrawnAgainByHand() throws {
        let folder = try TemporaryFolder()
        let picture = try example().write(named: "loss curve's", in: folder.url)
        let image = try Image(png: picture)
        // As wide as the longest name needs beside the axes.
        #expect((image.width, image.height) == (760 + 60 + 8 * 10, 560))
        #expect(colouredPixels(image) > 1000)

        // The script refers to its files relatively: it works in another place.
        let moved = try TemporaryFolder()
        #expect(folder.exists("loss curve's.svg"))
        for ending in ["tsv", "gp"] {
            try FileManager.default.copyItem(
                at: folder.file("loss curve's.\(ending)"), to: moved.file("loss curve's.\(ending)"))
        }
        let gnuplot = Process()
        gnuplot.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        gnuplot.arguments = ["gnuplot", "-d", "loss curve's.gp"]
        gnuplot.currentDirectoryURL = moved.url
        try gnuplot.run()
        gnuplot.waitUntilExit()
        #expect(gnuplot.terminationStatus == 0)
        #expect(try Image(png: moved.file("loss curve's.png")) == image)
    }

    @Test(.enabled(if: hasGnuplot, "gnuplot is not installed (package gnuplot-nox)")) func nothingToDrawGivesEmptyAxes()
        throws
    {
        let folder = try TemporaryFolder()
        for (name, y) in [("none", []), ("diverged", [Double.nan, .infinity]), ("negative", [-1, 0])] {
            let chart = try Chart(
                title: name, x: .init("x"), y: .init("y", isLogarithmic: true),
                series: [.init("a", x: y.indices.map(Double.init), y: y, lower: y, upper: y), .init("b", x: [], y: [])])
            #expect(try Image(png: chart.write(named: name, in: folder.url)).height == 560)
        }
        // Constant, and at the ends of what a double holds.
        for (name, y) in [("constant", [2, 2]), ("huge", [-1e300, 1e300]), ("tiny", [.leastNonzeroMagnitude, 0])] {
            let chart = try Chart(title: name, x: .init("x"), y: .init("y"), series: [.init("a", x: [0, 1], y: y)])
            #expect(try Image(png: chart.write(named: name, in: folder.url)).height == 560)
        }
    }

    @Test func whatIsNoPlainFileIsNeitherFollowedNorReplaced() throws {
        let folder = try TemporaryFolder()
        let target = folder.file("target")
        try Data("mine".utf8).write(to: target)
        try FileManager.default.createSymbolicLink(at: folder.file("loss.tsv"), withDestinationURL: target)
        let error = #expect(throws: FigureError.self) { try example().write(named: "loss", in: folder.url) }
        #expect(
            error?.description
                == "\(folder.file("loss.tsv").path): cannot open: it is a symbolic link, expected a plain file")
        #expect(try Data(contentsOf: target) == Data("mine".utf8))
        // A folder in the picture's place is not removed with what it holds.
        let inner = folder.file("other.png").appendingPathComponent("inner")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        #expect(throws: FigureError.self) { try example().write(named: "other", in: folder.url) }
        #expect(folder.exists("other.png/inner"))
    }

    @Test func dataAndScriptStayWithoutGnuplot() throws {
        let folder = try TemporaryFolder()
        try Data("before".utf8).write(to: folder.file("loss.png"))
        let script = folder.file("loss.gp").path
        let error = #expect(throws: FigureError.gnuplotMissing(script: script)) {
            try example().write(named: "loss", in: folder.url, searchPath: folder.url.path)
        }
        #expect(error?.description.contains("gnuplot-nox") == true)
        #expect(folder.exists("loss.tsv") && folder.exists("loss.gp"))
        // Between single quotes, with markup off, only the quote itself has to be doubled.
        let commands = try String(contentsOf: folder.file("loss.gp"), encoding: .utf8)
        #expect(commands.contains("set terminal pngcairo noenhanced"))
        #expect(commands.contains(#"set title 'a_b {c} ''q'' "d" `date` @x \'"# + "\n"))
        #expect(commands.contains("title 'it''s_{1}'"))
        #expect(commands.contains("5.0 with lines") && commands.contains("title 'a control'"))
        #expect(commands.contains("set xtics ('1' 1.0, '10' 10.0") && commands.contains("set key outside"))
        #expect(folder.exists("loss.svg"))
        // The picture that is there may be one that is kept, made where gnuplot was.
        #expect(try Data(contentsOf: folder.file("loss.png")) == Data("before".utf8))
    }

    @Test func dataFileHoldsEveryPointAndMarksMissingOnes() throws {
        let folder = try TemporaryFolder()
        let chart = try Chart(
            title: "", x: .init("x"), y: .init("y"),
            series: [
                .init("first\tseries", x: [1, 2], y: [0.1, -.infinity]),
                .init("second", x: [1e-7], y: [1], lower: [.nan], upper: [2.5]),
                .init("third", x: [], y: []),
            ])
        _ = #expect(throws: FigureError.self) { try chart.write(named: "t", in: folder.url, searchPath: "") }
        #expect(
            try String(contentsOf: folder.file("t.tsv"), encoding: .utf8) == """
                # x\ty\tlower\tupper\tseries
                1.0\t0.1\tNaN\tNaN\tfirst series
                2.0\tNaN\tNaN\tNaN\tfirst series


                1e-07\t1.0\tNaN\t2.5\tsecond


                NaN\tNaN\tNaN\tNaN\tthird

                """)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/bin/sh"), "needs a shell"))
    func failureOfGnuplotIsReported() throws {
        let folder = try TemporaryFolder()
        let program = folder.file("gnuplot")
        func install(_ script: String) throws {
            try Data("#!/bin/sh\n\(script)\n".utf8).write(to: program)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        }
        let script = folder.file("loss.gp").path
        try install("echo 'line 3: something is wrong' >&2; echo >&2; exit 1")
        #expect(throws: FigureError.gnuplotFailed(script: script, reason: "line 3: something is wrong")) {
            try example().write(named: "loss", in: folder.url, searchPath: folder.url.path)
        }
        // Success without a whole picture, as on a full disk.
        try install("printf half > loss.png")
        #expect(
            throws: FigureError.gnuplotFailed(
                script: script,
                reason:
                    "what it wrote is no whole picture (is the disk full?): \(folder.file("loss.png").path): not a PNG file"
            )
        ) {
            try example().write(named: "loss", in: folder.url, searchPath: folder.url.path)
        }
        #expect(!folder.exists("loss.png") && folder.exists("loss.gp") && folder.exists("loss.tsv"))
    }

    @Test func impossibleChartsAreRefused() throws {
        let folder = try TemporaryFolder()
        #expect(throws: FigureError.chart("series 'a': 1 values of y for 2 of x")) {
            try Chart.Series("a", x: [1, 2], y: [1])
        }
        #expect(throws: FigureError.chart("series 'a': a band of 0 lower and 1 upper edges for 1 points")) {
            try Chart.Series("a", x: [1], y: [1], lower: [], upper: [1])
        }
        for name in ["", "../x", "| sh", "<x", "-x", ".x", "a\nb"] {
            #expect(throws: FigureError.self, "\(name)") { try example().write(named: name, in: folder.url) }
        }
        #expect(throws: FigureError.chart("chart 'x' has no series: there must be at least one")) {
            try Chart(title: "", x: .init(""), y: .init(""), series: []).write(named: "x", in: folder.url)
        }
        let missing = folder.file("missing")
        #expect(throws: FigureError.cannotOpen(path: missing.path + "/x.tsv", reason: "No such file or directory")) {
            try example().write(named: "x", in: missing)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
}
