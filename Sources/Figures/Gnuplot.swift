import Foundation

/// The program that draws charts and sheets, and the files that it draws from.
enum Gnuplot {
    /// Throws ``FigureError/chart(_:)`` for a name that no file beside a script can have.
    static func validate(name: String) throws(FigureError) {
        let isPlain = name.unicodeScalars.allSatisfy { $0 != "/" && $0.properties.generalCategory != .control }
        guard let first = name.first, first.isLetter || first.isNumber, isPlain else {
            throw .chart(
                "chart name '\(name)': it must begin with a letter or digit and hold no slash and no control character")
        }
    }

    /// A string of gnuplot between single quotes, where only the quote itself has a meaning.
    static func quoted(_ text: String) -> String {
        "'" + oneLine(text).replacingOccurrences(of: "'", with: "''") + "'"
    }

    /// Control characters, line breaks among them, become spaces.
    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    /// Replaces a plain file, or makes one; a link is not followed, and what is no plain file stays as it is.
    static func write(_ text: String, to url: URL) throws(FigureError) {
        func reason() -> String { String(cString: strerror(errno)) }
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw .cannotOpen(
                path: url.path, reason: errno == ELOOP ? "it is a symbolic link, expected a plain file" : reason())
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, ftruncate(descriptor, 0) == 0 else {
            close(descriptor)
            throw .cannotOpen(path: url.path, reason: "it is no plain file")
        }
        guard let file = fdopen(descriptor, "wb") else { throw .cannotOpen(path: url.path, reason: reason()) }
        let bytes = Array(text.utf8)
        var fault: Int32 = fwrite(bytes, 1, bytes.count, file) == bytes.count ? 0 : errno
        if fclose(file) != 0, fault == 0 { fault = errno }
        if fault != 0 { throw .cannotWrite(path: url.path, reason: String(cString: strerror(fault))) }
    }

    /// Has gnuplot, looked for in the folders of `searchPath`, run a script in its folder, which makes a picture; where
    /// it does not, the picture that was there before stays.
    static func draw(_ script: URL, making picture: URL, searchPath: String) throws(FigureError) {
        var status = stat()
        // A link is replaced, a folder is not moved with what it holds.
        if lstat(picture.path, &status) == 0, ![S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT) {
            throw .cannotOpen(path: picture.path, reason: "it is no plain file")
        }
        let before = picture.deletingLastPathComponent().appendingPathComponent(".before-\(picture.lastPathComponent)")
        rename(picture.path, before.path)
        do {
            try run(script, searchPath: searchPath)
            // gnuplot does not report a full disk.
            _ = try Image(png: picture)
            unlink(before.path)
        } catch {
            unlink(picture.path)
            rename(before.path, picture.path)
            if case .gnuplotMissing = error { throw error }
            if case .gnuplotFailed = error { throw error }
            throw .gnuplotFailed(
                script: script.path, reason: "what it wrote is no whole picture (is the disk full?): \(error)")
        }
    }

    private static func run(_ script: URL, searchPath: String) throws(FigureError) {
        let candidates = searchPath.split(separator: ":").map {
            URL(fileURLWithPath: String($0)).appendingPathComponent("gnuplot")
        }
        guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw .gnuplotMissing(script: script.path)
        }
        let process = Process()
        process.executableURL = program
        // -d: without the user's own settings.
        process.arguments = ["-d", script.lastPathComponent]
        process.currentDirectoryURL = script.deletingLastPathComponent()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let complaints = Pipe()
        process.standardError = complaints
        let said: Data
        do {
            try process.run()
            said = complaints.fileHandleForReading.readDataToEndOfFile()
        } catch {
            throw .gnuplotFailed(
                script: script.path, reason: "\(program.path) does not start: \(error.localizedDescription)")
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            // It repeats the command, points at a column, and says what is wrong last.
            let lines = String(decoding: said, as: UTF8.self).split(separator: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            throw .gnuplotFailed(
                script: script.path, reason: lines.last { !$0.isEmpty } ?? "exit status \(process.terminationStatus)")
        }
    }
}
