import CZlib
import Foundation

/// What a file is, decided by its first bytes and its size, never by its name.
public enum FileKind: Equatable, Sendable {
    case hdf5, idx, cifar10
    /// NumPy's format of one array.
    case npy
    /// What a file is that holds no set of images which is read, and what would be right, in half a sentence.
    case other(String)
    /// None of these: its first bytes, in hexadecimal.
    case unknown(String)

    /// Reads the first bytes of a file, unpacked where it is gzip's.
    ///
    /// - Throws: `ImageError` where there is no such file, it is no regular file, or it cannot be read.
    public init(contentsOf url: URL) throws(ImageError) {
        let path = url.path
        var status = stat()
        guard stat(path, &status) == 0 else { throw ImageError(path, String(cString: strerror(errno)).lowercased()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ImageError(path, "is no regular file") }
        let file: FileHandle
        do { file = try FileHandle(forReadingFrom: url) } catch { throw ImageError(path, "cannot be read") }
        defer { try? file.close() }
        let size = Int(status.st_size)
        guard size > 0 else { throw ImageError(path, "is empty") }
        func bytes(_ offset: Int, _ count: Int) -> [UInt8] {
            guard offset < size, (try? file.seek(toOffset: UInt64(offset))) != nil else { return [] }
            return [UInt8]((try? file.read(upToCount: count)) ?? Data())
        }
        // HDF5's signature stands at 0, or at a power of two from 512 on where a user block comes before it.
        for offset in [0] + (9..<40).map({ 1 << $0 }).prefix(while: { $0 < size })
        where bytes(offset, 8) == Self.hdf5Signature {
            self = .hdf5
            return
        }
        let head = bytes(0, 512)
        if head.starts(with: [0x1f, 0x8b]) {
            self = Self.compressed(path)
        } else {
            self = Self.plain(head, size: size)
        }
    }

    private static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

    /// Whether these bytes begin a file in the IDX format: two zeros, an element type of its list, a rank from 1 to 8.
    private static func isIDX(_ head: [UInt8]) -> Bool {
        head.count >= 4 && head[0] == 0 && head[1] == 0 && [8, 9, 0x0b, 0x0c, 0x0d, 0x0e].contains(head[2])
            && 1...8 ~= head[3]
    }

    private static func plain(_ head: [UInt8], size: Int) -> FileKind {
        let isCIFAR = size.isMultiple(of: CIFAR10.recordSize) && head[0] < 10
        // A CIFAR-10 record of an airplane whose first pixels are black may begin as an IDX file does: then the sizes
        // do not fit.
        if isIDX(head), !isCIFAR || idxSize(head) == size { return .idx }
        if head.starts(with: NPY.signature) { return .npy }
        if isCIFAR { return .cifar10 }
        return other(head) ?? .unknown(hexadecimal(head.prefix(4)))
    }

    /// How many bytes the header of an IDX file says that the file has; nil where it is not to be counted.
    private static func idxSize(_ head: [UInt8]) -> Int? {
        let rank = Int(head[3])
        guard head.count >= 4 + 4 * rank else { return nil }
        var count = 1
        for dimension in 0..<rank {
            let size = head[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { return nil }
            count = product
        }
        let width = [0x0b: 2, 0x0c: 4, 0x0d: 4, 0x0e: 8][head[2]] ?? 1
        let (bytes, overflow) = count.multipliedReportingOverflow(by: width)
        return overflow ? nil : bytes.addingReportingOverflow(4 + 4 * rank).partialValue
    }

    private static func compressed(_ path: String) -> FileKind {
        guard let file = gzopen(path, "rb") else { return .other("cannot be opened") }
        defer { gzclose_r(file) }
        var head = [UInt8](repeating: 0, count: 512)
        let got = head.withUnsafeMutableBytes { gzread(file, $0.baseAddress, 512) }
        guard got > 0 else { return .other("is gzip-compressed, and cannot be unpacked: it is damaged or cut short") }
        head.removeLast(512 - Int(got))
        if isIDX(head) { return .idx }
        guard let inner = other(head) else {
            return .other("is gzip-compressed, and holds no IDX file: unpack it and give what it holds")
        }
        return inner
    }

    /// Files that people have and that are not read, each with what to do instead.
    private static func other(_ head: [UInt8]) -> FileKind? {
        func begins(_ text: String) -> Bool { head.starts(with: Array(text.utf8)) }
        if head.starts(with: [0x89, 0x50, 0x4e, 0x47]) {
            return .other("is one PNG image: give the folder that it lies in")
        }
        if head.starts(with: [0xff, 0xd8, 0xff]) {
            return .other(
                "is a JPEG image, which is not read: give a folder of PNG files (ImageMagick: mogrify -format png *.jpg)"
            )
        }
        if head.starts(with: [0x50, 0x4b, 3, 4]) {
            return .other("is a zip archive (.zip or .npz), which is not read: unpack it")
        }
        if head.count >= 262, head[257..<262].elementsEqual(Array("ustar".utf8)) {
            return .other("is a tar archive: unpack it and give what it holds")
        }
        if head[0] == 0x80, head.count > 1, 2...5 ~= head[1] {
            return .other(
                "is a Python pickle, which is not read: of CIFAR-10, give the binary version (data_batch_1.bin …)")
        }
        if begins("GIF8") || begins("BM") || begins("RIFF") || head.starts(with: [0x49, 0x49, 0x2a, 0])
            || head.starts(with: [0x4d, 0x4d, 0, 0x2a])
        {
            return .other("is one image of a kind that is not read: give a folder of PNG files")
        }
        return nil
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined(separator: " ")
    }
}
