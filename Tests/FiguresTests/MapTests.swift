import Figures
import Testing

@Suite struct ColorMapTests {
    /// Reference colours of OKLab's publication, to its printed digits: white has lightness 1 and no colour, red is
    /// (0.628, 0.225, 0.126).
    @Test func oklabEqualsPublishedColours() {
        let white = OKLab(SIMD3(255, 255, 255))
        #expect(white.distance(to: OKLab(lightness: 1, a: 0, b: 0)) < 1e-3)
        #expect(OKLab(SIMD3(255, 0, 0)).distance(to: OKLab(lightness: 0.628, a: 0.225, b: 0.126)) < 1e-3)
        #expect(OKLab(SIMD3(0, 0, 0)).lightness == 0)
    }

    @Test func oklabComesBackToThePixel() {
        for red in stride(from: 0, through: 255, by: 51) {
            for green in stride(from: 0, through: 255, by: 17) {
                for blue in stride(from: 0, through: 255, by: 15) {
                    let pixel = SIMD3(UInt8(red), UInt8(green), UInt8(blue))
                    #expect(OKLab(pixel).pixel == pixel)
                }
            }
        }
    }

    @Test func lightnessOfThePerceptualMapRisesStrictly() {
        let lightness = ColorMap.perceptual.entries.map { OKLab($0).lightness }
        #expect(lightness.count == 256)
        #expect(zip(lightness, lightness.dropFirst()).allSatisfy { $0 < $1 })
        #expect(lightness[0] < 0.21 && lightness[255] > 0.94)
    }

    @Test func stepsOfThePerceptualMapAreNearlyEqual() {
        let colours = ColorMap.perceptual.entries.map { OKLab($0) }
        // Over 16 entries rounding to bytes (about 0.002) is small beside the step (0.051).
        let steps = (0..<240).map { colours[$0].distance(to: colours[$0 + 16]) }
        let mean = steps.reduce(0, +) / 240
        #expect(steps.allSatisfy { abs($0 / mean - 1) < 0.07 })
        // And no two neighbours are the same or twice as far as they should be.
        let single = (0..<255).map { colours[$0].distance(to: colours[$0 + 1]) }
        #expect(single.allSatisfy { $0 > 0.3 * mean / 16 && $0 < 2 * mean / 16 })
    }

    @Test(arguments: [ColorMap.perceptual, ColorMap.grey]) func numbersFindTheirColour(map: ColorMap) {
        #expect(map[0] == map.entries[0])
        #expect(map[1] == map.entries[255])
        #expect(map[0.5] == map.entries[128])
        #expect(map[-3] == map.entries[0])
        #expect(map[1e300] == map.entries[255])
        for value in [Double.nan, .infinity, -.infinity] { #expect(map[value] == ColorMap.notFinite) }
        // The mark stands out: at least a tenth of the way from black to white off every colour of the map.
        let mark = OKLab(ColorMap.notFinite)
        #expect(map.entries.allSatisfy { OKLab($0).distance(to: mark) > 0.1 })
    }
}

@Suite struct HeatMapTests {
    private func colours(_ image: Image) -> [SIMD3<UInt8>] {
        stride(from: 0, to: image.pixels.count, by: 3).map {
            SIMD3(image.pixels[$0], image.pixels[$0 + 1], image.pixels[$0 + 2])
        }
    }

    @Test func smallestAndLargestValueGetTheEnds() throws {
        let map = ColorMap.perceptual
        let image = try Image.heatMap(values: [-1, 0, .nan, 3, 1, .infinity], rows: 2, columns: 3)
        #expect((image.width, image.height, image.channels) == (3, 2, 3))
        #expect(colours(image) == [map[0], map[0.25], ColorMap.notFinite, map[1], map[0.5], ColorMap.notFinite])
        let extremes = try Image.heatMap(values: [-1.7e308, 0, 1.7e308], rows: 1, columns: 3, colorMap: .grey)
        #expect(colours(extremes).map(\.x) == [0, 128, 255])
    }

    @Test func constantAndEmptyOfNumbersDoNotFail() throws {
        #expect(
            try colours(Image.heatMap(values: [5, 5], rows: 1, columns: 2)) == [
                ColorMap.perceptual[0.5], ColorMap.perceptual[0.5],
            ])
        #expect(
            try colours(Image.heatMap(values: [.nan, -.infinity], rows: 2, columns: 1)) == [
                ColorMap.notFinite, ColorMap.notFinite,
            ])
    }

    @Test func magnificationRepeatsPixels() throws {
        let image = try Image.heatMap(values: [0, 1, 1, 0], rows: 2, columns: 2, colorMap: .grey, magnification: 2)
        #expect(image.width == 4 && image.height == 4)
        #expect(colours(image).map(\.x) == [0, 0, 255, 255, 0, 0, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0])
    }

    @Test func impossibleMapsAreRefused() {
        #expect(throws: FigureError.size("3 values for a heat map of 2 rows and 2 columns")) {
            try Image.heatMap(values: [1, 2, 3], rows: 2, columns: 2)
        }
        #expect(throws: FigureError.self) { try Image.heatMap(values: [], rows: 0, columns: 0) }
        #expect(throws: FigureError.self) { try Image.heatMap(values: [], rows: .max, columns: .max) }
        #expect(throws: FigureError.parameter("magnification 0: it must be from 1 to 1000")) {
            try Image.heatMap(values: [1], rows: 1, columns: 1, magnification: 0)
        }
        #expect(throws: FigureError.self) { try Image.density(points: [], range: 1...1, bins: 4) }
        #expect(throws: FigureError.self) { try Image.density(points: [], range: 0...(.infinity), bins: 4) }
        #expect(throws: FigureError.self) { try Image.density(points: [], range: 0...1, bins: 0) }
        #expect(throws: FigureError.self) { try Image.density(points: [], range: 0...1, bins: 1, fullScale: 0) }
    }

    @Test func pointsAreCountedWhereTheyLie() throws {
        let map = ColorMap.grey
        // y points up: (low, low) is the bottom left bin; the upper end of the range belongs to the last bin.
        let points: [SIMD2<Double>] = [
            SIMD2(-1, -1), SIMD2(-0.5, -0.1), SIMD2(-0.9, -0.9), SIMD2(1, 1), SIMD2(1.01, 0), SIMD2(0, -.infinity),
            SIMD2(.nan, 0),
        ]
        // log(1 + 1)/log(1 + 3) = ½
        #expect(
            try colours(Image.density(points: points, range: -1...1, bins: 2, colorMap: map)) == [
                map[0], map[0.5], map[1], map[0],
            ])
        // log(1 + 1)/log(1 + 15) = ¼, log(1 + 3)/log(1 + 15) = ½
        let scaled = try Image.density(points: points, range: -1...1, bins: 2, fullScale: 15, colorMap: map)
        #expect(colours(scaled) == [map[0], map[0.25], map[0.5], map[0]])
        #expect(try colours(Image.density(points: [], range: -1...1, bins: 1)) == [ColorMap.perceptual[0]])
    }
}
