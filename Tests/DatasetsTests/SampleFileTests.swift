import Datasets
import Foundation
import HDF5
import Testing

@Suite struct SampleFileTests {
    private let bits = Samples.bits(BinaryBatch(bits: [0, 1, 1, 1, 0, 0], dimension: 3))
    private let points = Samples.points([SIMD2(0.1, -2), SIMD2(1e-300, 3)])

    private func read(_ text: String) throws -> Samples { try withFile(Data(text.utf8)) { try SampleFile.read($0) } }

    /// What reading a file of these bytes says, without the file's name.
    private func fault(_ bytes: Data) throws -> String {
        try withFile(bytes) { url in
            do { _ = try SampleFile.read(url) } catch {
                let text = "\(error)"
                #expect(text.hasPrefix(url.path + ": "), "\(text)")
                return String(text.dropFirst(url.path.utf8.count + 2))
            }
            return "none"
        }
    }

    private func fault(_ text: String) throws -> String { try fault(Data(text.utf8)) }

    /// In every format, whatever the file is called.
    @Test func whatIsWrittenIsReadAgain() throws {
        for samples in [bits, points] {
            for format in SampleFile.Format.allCases {
                try withFile(Data()) { url in
                    try SampleFile.write(samples, to: url.path, as: format)
                    #expect(try SampleFile.read(url) == samples, "\(format)")
                }
            }
        }
        #expect(SampleFile.Format(path: "a/b.HDF5") == .hdf5)
        #expect(SampleFile.Format(path: "a/b.txt") == nil)
    }

    /// CRLF, blanks, comments, a line of names, a byte order mark, no line end at the end, floats that are 0 and 1.
    @Test func textThatOthersWriteIsRead() throws {
        for text in [
            "0,1,1\n1,0,0\n", "\u{feff}a,b,c\r\n0, 1 ,1\r\n\r\n1,0,0", "# bits\n0.0,1.0,1e0\n1.000000e+00,0,-0\n",
        ] {
            #expect(try read(text) == bits, "\(text)")
        }
        #expect(try read("x,y\n0.1,-2\n1e-300,3\n") == points)
        // Two columns of bits are bits.
        #expect(try read("0,1\n1,1\n") == .bits(BinaryBatch(bits: [0, 1, 1, 1], dimension: 2)))
    }

    @Test func integersOfAnyTypeAreBits() throws {
        for array in [
            HDF5Array([0, 1, 1, 1, 0, 0] as [Int64], shape: [2, 3]),
            HDF5Array([0, 1, 1, 1, 0, 0] as [Int8], shape: [2, 3]),
            HDF5Array([0, 1, 1, 1, 0, 0] as [Float], shape: [2, 3]),
        ] {
            let writer = try HDF5Writer()
            try writer.write(array, named: "bits")
            #expect(try withFile(Data(writer.contents())) { try SampleFile.read($0) } == bits)
        }
    }

    @Test func textThatHoldsNoSamplesIsNamedByLine() throws {
        for (text, expected) in [
            ("0,1,1\n0,1\n", "line 2: has 2 fields, expected 3 as line 1 has"),
            ("0,1,1\n\n0,1,1,0\n", "line 3: has 4 fields, expected 3 as line 1 has"),
            ("0,1\n\"0\",1\n", "line 2: has the quoted field \"0\", expected plain numbers"),
            ("0;1;1\n", "line 1: is separated by semicolons, expected commas"),
            ("0\t1\n", "line 1: is separated by tabs, expected commas"),
            ("0 1 1\n", "line 1: is separated by blanks, expected commas"),
            ("0,1,1\n0,2,1\n", "line 2, field 2 is 2.0: bits are 0 or 1, points have two columns"),
            ("0,1\n0,,1\n", "line 2: has an empty field, expected a number between commas"),
            ("0,1,\n", "line 1: has an empty field, expected a number between commas"),
            ("0.5,nan\n", "line 1: has the field 'nan', expected a finite number"),
            ("true,false\n", "line 1: has the field 'true', expected a finite number"),
            ("a,b\nc,d\n0,1\n", "line 2: has the field 'c', expected a finite number"),
            ("a,b\n", "holds no row of numbers: expected a line a row, its numbers separated by commas"),
            ("0,1\n0x1p3,\u{1b}[31m\n", "line 2: has the field '\\u001b[31m', expected a finite number"),
        ] {
            #expect(try fault(text) == expected, "\(text)")
        }
        #expect(try fault(Data()) == "is empty")
        #expect(try fault(Data([0x50, 0x4b, 3, 4])).hasPrefix("is a zip archive"))
    }

    @Test func arraysThatHoldNoSamplesAreNamed() throws {
        func hdf5(_ array: HDF5Array, named name: String = "bits") throws -> String {
            let writer = try HDF5Writer()
            try writer.write(array, named: name)
            return try fault(Data(writer.contents()))
        }
        #expect(
            try hdf5(HDF5Array([0, 1] as [UInt8], shape: [1, 2, 1]))
                == "array 'bits' has the shape [1, 2, 1], expected [samples, bits], or [samples, 2] of points")
        #expect(
            try hdf5(HDF5Array([0, 3] as [UInt8], shape: [1, 2]))
                == "'bits' [0, 1] is 3: bits are 0 or 1, points have two columns")
        #expect(
            try hdf5(HDF5Array([Double.nan, 3], shape: [1, 2]), named: "points")
                == "'points' [0, 0] is nan: coordinates are finite numbers")
        #expect(
            try hdf5(HDF5Array([1.0, 3, 4], shape: [1, 3]), named: "points")
                == "'points' has 3 columns, expected 2, x and y")
        #expect(
            try hdf5(HDF5Array([1.0], shape: [1]), named: "x")
                == "has neither an array 'bits', integers [N, d], nor 'points', floats [N, 2]")
        #expect(
            try fault(NPY([0, 1] as [UInt8], shape: [2]).contents)
                == "has the shape [2], expected [samples, bits], or [samples, 2] of points")
        #expect(
            try fault(NPY([0.0, 0.5, 1], shape: [1, 3]).contents)
                == "element [0, 1] is 0.5: bits are 0 or 1, points have two columns")
        #expect(
            try fault(NPY([] as [UInt8], shape: [0, 3]).contents)
                == "has the shape [0, 3], expected at least one sample of 1 to 1048576 numbers")
    }
}
