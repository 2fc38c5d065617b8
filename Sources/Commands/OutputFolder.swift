import Datasets
import Experiments
import Figures
import Foundation

/// Writes images as PNG files `0.png`, `1.png` … into a folder that is made: all of them, or no folder.
///
/// - Throws: `RunError` where something is there already or the folder cannot be made, and what reading throws.
func writePNGFolder(_ images: any ImageSource, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try requireNewFolder(path)
    let beside = url.deletingLastPathComponent().appendingPathComponent(".partial-\(getpid())-\(url.lastPathComponent)")
    do {
        try FileManager.default.createDirectory(at: beside, withIntermediateDirectories: false)
    } catch { throw RunError("\(path): cannot be made: its folder is not there, or may not be written") }
    do {
        for index in 0..<images.count {
            let image = try Image(planes: images.pixels(index..<index + 1), shape: images.shape)
            try image.writePNG(to: beside.appendingPathComponent("\(index).png"))
        }
        guard rename(beside.path, url.path) == 0 else {
            throw RunError("\(path): cannot be made: \(String(cString: strerror(errno)))")
        }
    } catch {
        try? FileManager.default.removeItem(at: beside)
        throw error
    }
}

/// Throws `RunError` where something is at the path of a folder to be made.
func requireNewFolder(_ path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
        throw RunError("\(path): is there already", cure: "give the name of a new folder")
    }
}
