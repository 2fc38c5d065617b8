import Foundation

/// 256 colours for a scalar from 0 to 1.
public struct ColorMap: Sendable, Equatable {
    /// sRGB, from the lowest value to the highest.
    public let entries: [SIMD3<UInt8>]
    /// Marks what is not a finite number; it stands out of both maps.
    public static let notFinite = SIMD3<UInt8>(0, 255, 128)

    /// The colour of the entry nearest to `value`, which is cut to 0 ... 1; ``notFinite`` for a number that is not
    /// finite.
    public subscript(value: Double) -> SIMD3<UInt8> {
        guard value.isFinite else { return Self.notFinite }
        return entries[Int((min(max(value, 0), 1) * 255).rounded())]
    }

    /// Dark violet through red and orange to pale yellow: a helix in OKLab,
    ///
    ///     L = 0.20 + 0.75 t,   chroma 0.105,   hue = 290° + 170° t,   t = 0 … 1,
    ///
    /// so lightness rises evenly and every step is as large as the next, up to the rounding to bytes. The chroma is
    /// about the largest that sRGB holds all along.
    public static let perceptual = ColorMap(
        entries: (0..<256).map { index in
            let t = Double(index) / 255
            let hue = (290 + 170 * t) * Double.pi / 180
            return OKLab(lightness: 0.20 + 0.75 * t, a: 0.105 * cos(hue), b: 0.105 * sin(hue)).pixel
        })

    /// Black to white.
    public static let grey = ColorMap(entries: (0..<256).map { SIMD3(repeating: UInt8($0)) })
}
