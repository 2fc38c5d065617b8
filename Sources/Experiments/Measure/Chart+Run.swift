import Figures
import Foundation
import Logging

extension Chart {
    /// Writes a chart into a run's or a cell's folder. Where gnuplot is missing or fails, data and script are kept and
    /// a warning is logged: a picture is not what a run is for.
    ///
    /// - Throws: `FigureError` for an unusable name, no series, or files that cannot be written.
    public func draw(named name: String, in folder: URL) throws(FigureError) {
        do { try write(named: name, in: folder) } catch {
            switch error {
            case .gnuplotMissing, .gnuplotFailed: Logger(label: "chart").warning("\(error)")
            default: throw error
            }
        }
    }
}
