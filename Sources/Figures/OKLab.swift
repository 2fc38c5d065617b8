import Foundation

/// A colour in OKLab, where equal distances look about equally large. L is lightness, 0 (black) to 1 (white); a runs
/// from green to red, b from blue to yellow.
///
/// Source: B. Ottosson, "A perceptual color space for image processing" (2020), whose matrices these are; sRGB by IEC
/// 61966-2-1.
package struct OKLab: Sendable, Equatable {
    package var lightness: Double
    package var a: Double
    package var b: Double

    package init(lightness: Double, a: Double, b: Double) {
        self.lightness = lightness
        self.a = a
        self.b = b
    }

    /// The colour of this sRGB pixel: (L, a, b) = M₂ ∛(M₁ (r, g, b)) of linear light r, g, b.
    package init(_ pixel: SIMD3<UInt8>) {
        func linear(_ byte: UInt8) -> Double {
            let v = Double(byte) / 255
            return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4)
        }
        let (r, g, b) = (linear(pixel.x), linear(pixel.y), linear(pixel.z))
        let l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
        let m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
        let s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
        self.init(
            lightness: 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            a: 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            b: 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)
    }

    /// Linear light (r, g, b), the inverse; a colour that a screen can show has all three in 0 ... 1.
    package var linearLight: SIMD3<Double> {
        func cubed(_ x: Double) -> Double { x * x * x }
        let l = cubed(lightness + 0.3963377774 * a + 0.2158037573 * b)
        let m = cubed(lightness - 0.1055613458 * a - 0.0638541728 * b)
        let s = cubed(lightness - 0.0894841775 * a - 1.2914855480 * b)
        return SIMD3(
            4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
    }

    /// The nearest sRGB pixel, each channel clipped and rounded by itself.
    package var pixel: SIMD3<UInt8> {
        func byte(_ light: Double) -> UInt8 {
            let c = min(max(light, 0), 1)
            let v = c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055
            return UInt8((255 * v).rounded())
        }
        let light = linearLight
        return SIMD3(byte(light.x), byte(light.y), byte(light.z))
    }

    package func distance(to other: OKLab) -> Double {
        let (dL, da, db) = (lightness - other.lightness, a - other.a, b - other.b)
        return (dL * dL + da * da + db * db).squareRoot()
    }
}
