import Glibc

/// The checksum that ends a file of this suite's own: behind the bytes of the HDF5 file a line `sha256 ` with the 64
/// hexadecimal digits of their SHA-256, a newline before it and one behind.
///
///     head -c -73 model.h5 | sha256sum      # the digits that `tail -c 73 model.h5` prints
///
/// It stands behind the HDF5 file, not in a block before it, so that the file keeps its signature in its first bytes:
/// HDF5 knows where it ends itself and reads no further, and so does h5py. A program that changes the file cuts the
/// line off or overwrites it.
public enum HDF5Checksum {
    /// The bytes of the line, both newlines among them.
    public static let length = 73
    private static let beginning = Array("\nsha256 ".utf8)

    /// The bytes, with the line of their checksum behind them.
    public static func appended(to bytes: [UInt8]) -> [UInt8] {
        bytes + beginning + Array(SHA256.hexadecimal(bytes).utf8) + [10]
    }

    /// Whether the bytes of an open file are those of its checksum; nil where it ends in none. Throws `HDF5Error` where
    /// it cannot be read.
    static func isRight(_ descriptor: Int32, size: Int, path: String) throws -> Bool? {
        guard size >= length else { return nil }
        let line = try read(descriptor, size - length..<size, path: path)
        let digits = line.dropFirst(beginning.count).dropLast()
        guard line.starts(with: beginning), line.last == 10,
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        var digest = SHA256()
        let step = 1 << 20
        for start in stride(from: 0, to: size - length, by: step) {
            digest.update(try read(descriptor, start..<min(start + step, size - length), path: path))
        }
        return digest.hexadecimal.utf8.elementsEqual(digits)
    }

    private static func read(_ descriptor: Int32, _ range: Range<Int>, path: String) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let step = pread(
                    descriptor, buffer.baseAddress! + count, range.count - count, off_t(range.lowerBound + count))
                if step < 0 && errno == EINTR { continue }
                guard step >= 0 else { throw systemError(path, "cannot be read") }
                guard step > 0 else { throw HDF5Error(path: path, reason: "became shorter while it was read") }
                count += step
            }
        }
    }
}
