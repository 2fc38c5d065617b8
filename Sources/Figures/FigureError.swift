/// What is wrong with a figure's input, or why its file could not be written or read, in one line that also says what
/// would be right.
public enum FigureError: Error, Equatable, Sendable {
    /// The file at this path cannot be opened.
    case cannotOpen(path: String, reason: String)
    /// Writing the file failed, as on a full disk; what there was of it has been removed.
    case cannotWrite(path: String, reason: String)
    /// The file at this path is no PNG file.
    case notPNG(path: String)
    /// The file at this path begins as a PNG file but is cut short or damaged.
    case damagedPNG(path: String, reason: String)
    /// The PNG file at this path declares more pixels than are read.
    case tooLargePNG(path: String, reason: String)
    /// There is not enough memory for the image.
    case outOfMemory(path: String)
    /// An image cannot have this size, number of channels or number of values.
    case size(String)
    /// A text entry that a PNG file cannot hold.
    case text(key: String, rule: String)
    /// A parameter is out of its range.
    case parameter(String)
    /// A folder of pictures cannot be read as images of one size.
    case folder(path: String, fault: String)
    /// A chart cannot be drawn from this.
    case chart(String)
    /// The program gnuplot is not installed.
    case gnuplotMissing(script: String)
    /// gnuplot failed on this script.
    case gnuplotFailed(script: String, reason: String)
}

extension FigureError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "\(path): cannot open: \(reason)"
        case .cannotWrite(let path, let reason): "\(path): cannot write: \(reason)"
        case .notPNG(let path): "\(path): not a PNG file"
        case .damagedPNG(let path, let reason): "\(path): damaged PNG file: \(reason)"
        case .tooLargePNG(let path, let reason): "\(path): \(reason)"
        case .outOfMemory(let path): "\(path): not enough memory for this image"
        case .size(let fault): fault
        case .text(let key, let rule): "PNG text entry '\(key)': \(rule)"
        case .parameter(let fault): fault
        case .folder(let path, let fault): "\(path): \(fault)"
        case .chart(let fault): fault
        case .gnuplotMissing(let script):
            "gnuplot is not installed (package gnuplot-nox): \(script) is written, run it with gnuplot to draw the chart"
        case .gnuplotFailed(let script, let reason): "gnuplot failed on \(script): \(reason)"
        }
    }
}
