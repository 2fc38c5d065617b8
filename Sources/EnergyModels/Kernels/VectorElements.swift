import Torch

/// The elements of a contiguous float32 tensor, read and written 16 at a time.
struct VectorElements {
    typealias Lanes = SIMD16<Float>

    private let tensor: Tensor
    private let address: UnsafeMutablePointer<Float>

    init(_ tensor: Tensor) {
        self.tensor = tensor
        address = tensor.unsafeElements(Float.self)
    }

    @inline(__always)
    subscript(index: Int) -> Lanes {
        get { UnsafeRawPointer(address + index).loadUnaligned(as: Lanes.self) }
        nonmutating set { UnsafeMutableRawPointer(address + index).storeBytes(of: newValue, as: Lanes.self) }
    }

    @inline(__always)
    subscript(one index: Int) -> Float {
        get { address[index] }
        nonmutating set { address[index] = newValue }
    }
}

/// The same of a bfloat16 tensor: read exactly, written rounded to nearest, ties to even.
struct HalfVectorElements {
    typealias Lanes = VectorElements.Lanes

    private let tensor: Tensor
    private let address: UnsafeMutablePointer<BFloat16>

    init(_ tensor: Tensor) {
        self.tensor = tensor
        address = tensor.unsafeElements(BFloat16.self)
    }

    @inline(__always)
    subscript(index: Int) -> Lanes {
        get {
            let bits = UnsafeRawPointer(address + index).loadUnaligned(as: SIMD16<UInt16>.self)
            return unsafeBitCast(SIMD16<UInt32>(truncatingIfNeeded: bits) &<< 16, to: Lanes.self)
        }
        nonmutating set {
            let bits = unsafeBitCast(newValue, to: SIMD16<UInt32>.self)
            let rounded = (bits &+ (0x7FFF &+ (bits &>> 16 & 1))) &>> 16
            UnsafeMutableRawPointer(address + index).storeBytes(
                of: SIMD16<UInt16>(truncatingIfNeeded: rounded), as: SIMD16<UInt16>.self)
        }
    }
}
