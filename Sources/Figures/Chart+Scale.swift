import Foundation

extension Chart {
    /// An axis as it is drawn: it begins and ends where the data do, but for a little room.
    package struct Scale: Equatable {
        package struct Tick: Equatable {
            package let value: Double
            package let label: String
        }

        package let isLogarithmic: Bool
        package let lower: Double
        package let upper: Double
        /// With their labels, in rising order; on a logarithmic axis powers of ten, where two or more lie on it.
        package let ticks: [Tick]
        /// The multiples of powers of ten between the ticks of a logarithmic axis.
        package let minorTicks: [Double]

        /// - Parameters:
        ///   - values: what must lie on the axis; those that have no place on it are left out.
        ///   - room: the share of the axis that is left free at either end.
        package init(_ values: [Double], _ axis: Axis, room: Double) {
            isLogarithmic = axis.isLogarithmic
            let held = values.filter(axis.holds)
            let (least, most) = (held.min() ?? 1, held.max() ?? 10)
            if axis.isLogarithmic {
                let (a, b) = (Self.clamped(log10(least)), Self.clamped(log10(most)))
                let margin = b - a > 1e-9 ? (b - a) * room : 0.1
                (lower, upper) = (pow(10, max(-307, a - margin)), pow(10, min(307, b + margin)))
                (ticks, minorTicks) = Self.logarithmicTicks(lower, upper)
            } else {
                let (a, b) = (max(-Self.largest, least), min(Self.largest, most))
                // Numbers of which no difference can be drawn are one.
                let isConstant = b - a <= max(abs(a), abs(b)) * 1e-12 || b - a < 1e-290
                let margin = isConstant ? (abs(a) < 1e-290 ? 1 : abs(a) * 0.05) : (b - a) * room
                (lower, upper) = (a - margin, b + margin)
                (ticks, minorTicks) = (Self.linearTicks(lower, upper), [])
            }
        }

        /// An exponent that leaves room for others beside it.
        private static func clamped(_ exponent: Double) -> Double { min(306, max(-306, exponent)) }

        /// The greatest number that an axis reaches: with room beside it and as a difference it stays finite.
        private static let largest = 1e307

        /// Where a number stands between the axis's ends, which are 0 and 1.
        package func place(_ value: Double) -> Double {
            isLogarithmic
                ? (log10(value) - log10(lower)) / (log10(upper) - log10(lower)) : (value - lower) / (upper - lower)
        }

        private static func linearTicks(_ lower: Double, _ upper: Double) -> [Tick] {
            let raw = (upper - lower) / 6
            let power = pow(10, floor(log10(raw)))
            let step = power * ([1, 2, 5].first { $0 * power >= raw } ?? 10)
            let (first, last) = (ceil(lower / step), floor(upper / step))
            guard first <= last, last - first < 20 else { return [] }
            let largest = max(abs(lower), abs(upper))
            return stride(from: first, through: last, by: 1).map { place in
                Tick(value: place * step, label: label(place * step, step: step, largest: largest))
            }
        }

        private static func logarithmicTicks(_ lower: Double, _ upper: Double) -> ([Tick], [Double]) {
            let (first, last) = (Int(ceil(log10(lower))), Int(floor(log10(upper))))
            let decades = (Int(floor(log10(lower)))...Int(ceil(log10(upper))))
            func multiples(_ factors: [Double]) -> [Double] {
                decades.flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
                    .filter { lower <= $0 && $0 <= upper }
            }
            if last > first {
                let step = (last - first) / 8 + 1
                let powers = stride(from: first, through: last, by: step)
                return (
                    powers.map { Tick(value: pow(10, Double($0)), label: power($0)) },
                    step == 1 && last - first < 6 ? multiples([2, 3, 4, 5, 6, 7, 8, 9]) : []
                )
            }
            // Within less than a decade or two powers of ten say too little.
            let few = multiples([1, 2, 5])
            guard few.count > 1 else { return (linearTicks(lower, upper), []) }
            return (few.map { Tick(value: $0, label: label($0, step: $0, largest: $0)) }, [])
        }

        /// `10⁻³`; 1 and 10 as they are.
        private static func power(_ exponent: Int) -> String {
            exponent == 0 ? "1" : exponent == 1 ? "10" : "10" + superscript(exponent)
        }

        private static func superscript(_ exponent: Int) -> String {
            String("\(exponent)".map { $0 == "-" ? "⁻" : Array("⁰¹²³⁴⁵⁶⁷⁸⁹")[$0.wholeNumberValue!] })
        }

        /// A tick's number with as many decimals as its step has; of large and small ones `2·10⁶`.
        private static func label(_ value: Double, step: Double, largest: Double) -> String {
            let digits = Int(floor(log10(step) + 1e-9))
            guard largest >= 1e6 || largest < 1e-3 else {
                let text = String(format: "%.\(max(0, -digits))f", value == 0 ? 0 : value)
                return abs(value) >= 1e4 ? grouped(text) : text
            }
            guard value != 0 else { return "0" }
            let exponent = Int(floor(log10(largest)))
            let mantissa = String(format: "%.\(max(0, exponent - digits))f", value / pow(10, Double(exponent)))
            return "\(mantissa)·10\(superscript(exponent))"
        }

        /// `20,000` for `20000`.
        private static func grouped(_ text: String) -> String {
            var reversed = ""
            for (place, digit) in text.reversed().enumerated() {
                if place > 0, place.isMultiple(of: 3), digit != "-" { reversed.append(",") }
                reversed.append(digit)
            }
            return String(reversed.reversed())
        }
    }

    /// Both axes.
    var scales: (x: Scale, y: Scale) {
        let xs = series.flatMap(\.x)
        var ys = series.flatMap(\.y) + levels.map(\.value)
        for case let edges? in series.map(\.band) {
            ys += edges.flatMap { edge in [bandFloor.map { max($0, edge.x) } ?? edge.x, edge.y] }
        }
        return (Scale(xs, x, room: 0.02), Scale(ys, y, room: 0.04))
    }
}
