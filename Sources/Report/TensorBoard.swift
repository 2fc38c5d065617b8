import Experiments
import Figures
import Foundation

/// A run's curves and pictures as event files, which TensorBoard reads: `tensorboard --logdir FOLDER` shows a run a cell.
public enum TensorBoard {
    /// What event files are called; TensorBoard looks for `tfevents` in a name.
    package static let fileName = "events.out.tfevents.0"

    /// Writes a folder for each cell that has logged anything, with one event file: the cell's logged values as scalars,
    /// and its pictures at its last logged iteration. The same run gives the same bytes; a file of an earlier call is
    /// replaced.
    ///
    /// - Returns: how many cells there are in it.
    /// - Throws: `RunError` where a log is damaged or the folder cannot be written, `FigureError` where a picture cannot
    ///   be read.
    @discardableResult
    public static func write(_ plan: Plan<some Replication>, to folder: URL) throws -> Int {
        let curves = try plan.curves()
        try makeFolder(folder)
        for (cell, lines) in curves {
            var file = EventFile()
            for line in lines {
                for (name, value) in line.values { file.add(name, value, step: line.iteration) }
            }
            for url in plan.folder.cell(cell.id).pictures {
                let image = try Image(png: url)
                guard let png = try? Data(contentsOf: url) else { throw RunError("\(url.path): cannot be read") }
                file.add(
                    url.deletingPathExtension().lastPathComponent, png: png, width: image.width, height: image.height,
                    channels: image.channels, step: lines.last!.iteration)
            }
            let place = folder.appendingPathComponent(cell.id)
            try makeFolder(place)
            try atomically(replacing: place.appendingPathComponent(fileName), by: Data(file.bytes))
        }
        return curves.count
    }
}
