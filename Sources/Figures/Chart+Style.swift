extension Chart {
    /// How a series is told from the others: no two of the first 91 share colour and marker, and no two of seven a colour.
    ///
    /// The colours are seven that keep apart for the colour-blind and stand out of white and, in their second form, of
    /// a dark page; dashes change with each round of colours.
    package struct Style: Equatable {
        /// `#rrggbb` on white, and on a dark page.
        package let colour: String, darkColour: String
        package let marker: Marker
        /// gnuplot's dash type, and the lengths of strokes and gaps; empty where the line is whole.
        package let dashType: Int, dashes: String

        package init(ofSeries index: Int) {
            let (colour, dark) = Self.colours[index % Self.colours.count]
            (self.colour, darkColour) = (colour, dark)
            marker = Marker.allCases[index % Marker.allCases.count]
            let round = index / Self.colours.count % Self.patterns.count
            (dashType, dashes) = (round + 1, Self.patterns[round])
        }

        static let colours = [
            ("#0072b2", "#5ab4f0"), ("#d55e00", "#ff8f4a"), ("#009e73", "#34cfa3"), ("#aa4499", "#e08fd2"),
            ("#a67c00", "#e3bd4a"), ("#332288", "#aaa0ff"), ("#4a4a4a", "#c4c4c4"),
        ]
        private static let patterns = ["", "7 3", "2 3", "8 3 2 3"]
    }

    /// The mark at a point.
    package enum Marker: CaseIterable {
        case disc, square, triangle, diamond, triangleDown, pentagon, circle, openSquare, openTriangle, openDiamond
        case openTriangleDown, openPentagon, cross

        /// gnuplot's point type.
        var pointType: Int {
            switch self {
            case .disc: 7
            case .square: 5
            case .triangle: 9
            case .diamond: 13
            case .triangleDown: 11
            case .pentagon: 15
            case .circle: 6
            case .openSquare: 4
            case .openTriangle: 8
            case .openDiamond: 12
            case .openTriangleDown: 10
            case .openPentagon: 14
            case .cross: 2
            }
        }

        var isOpen: Bool { pointType.isMultiple(of: 2) }

        /// Its corners about 0 in a box of side 2; empty for a round one.
        var corners: [SIMD2<Double>] {
            switch self {
            case .disc, .circle: []
            case .square, .openSquare: [.init(-0.9, -0.9), .init(0.9, -0.9), .init(0.9, 0.9), .init(-0.9, 0.9)]
            case .triangle, .openTriangle: [.init(0, -1.15), .init(1.05, 0.8), .init(-1.05, 0.8)]
            case .triangleDown, .openTriangleDown: [.init(0, 1.15), .init(1.05, -0.8), .init(-1.05, -0.8)]
            case .diamond, .openDiamond: [.init(0, -1.2), .init(1.2, 0), .init(0, 1.2), .init(-1.2, 0)]
            case .pentagon, .openPentagon:
                [.init(0, -1.1), .init(1.05, -0.34), .init(0.65, 0.9), .init(-0.65, 0.9), .init(-1.05, -0.34)]
            case .cross: [.init(-0.9, -0.9), .init(0.9, 0.9), .init(0.9, -0.9), .init(-0.9, 0.9)]
            }
        }
    }

    /// Of how many points of a line one is marked: at most about a dozen are, the last among them where all are.
    static func markInterval(_ count: Int) -> Int { count <= 24 ? 1 : (count + 11) / 12 }
}
