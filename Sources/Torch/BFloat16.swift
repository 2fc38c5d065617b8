import Foundation

/// A bfloat16 number: the upper half of a float32's bits. For storage; sums are taken in wider types.
public struct BFloat16: TensorElement {
    public var bits: UInt16
    public static var dtype: DType { .bfloat16 }

    public init(bits: UInt16) { self.bits = bits }

    public var value: Float { Float(bitPattern: UInt32(bits) << 16) }
}

extension Runtime {
    /// Whether this processor multiplies bfloat16 numbers by instructions of its own; without them products are slower
    /// than float32's.
    public static let multipliesBFloat16: Bool = {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let flags = text.split(separator: "\n").first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
        return flags.contains("avx512_bf16") || flags.contains("amx_bf16")
    }()
}
