import Figures
import Foundation
import Testing

@Suite struct SheetTests {
    /// The script of a sheet of a row of maps with these scales.
    private func script(_ scales: [ClosedRange<Double>?]) throws -> String {
        let folder = try TemporaryFolder()
        let panels = try scales.enumerated().map { index, scale in
            let file = folder.file("\(index).png")
            try Image(width: 2, height: 2, channels: 1, pixels: [0, 1, 2, 3]).writePNG(
                to: file, text: scale.map { [Image.colourScaleText($0)] } ?? [])
            return file
        }
        let sheet = Sheet(title: "maps", rows: ["a"], columns: scales.map { _ in "b" }, panels: [panels])
        // Where gnuplot is missing the script is there all the same.
        _ = try? sheet.write(named: "maps", in: folder.url)
        return try String(contentsOf: folder.file("maps.gp"), encoding: .utf8)
    }

    @Test func mapsOnOneScaleHaveAColourBar() throws {
        let shared = try script([-0.25...1.5, -0.25...1.5])
        #expect(shared.contains("set object rectangle") && shared.contains("'1.5' at") && shared.contains("'-0.25' at"))
        for scales in [[0...1, 0...2], [0...1, nil], [nil, nil]] as [[ClosedRange<Double>?]] {
            #expect(try !script(scales).contains("set object rectangle"), "\(scales)")
        }
    }
}
