import Datasets
import Figures

/// How a path is read as images, for the commands' help.
let imageInputHelp = imageForms

/// The images at a path, as `imageSource(at:)` reads them. Tells standard error what of it is not read, and where
/// labels come from.
///
/// - Throws: as `imageSource(at:)`.
func openImages(_ path: String) throws -> any ImageSource {
    let source = try imageSource(at: path)
    for remark in source.remarks { Console.shared.write(remark) }
    return source
}
