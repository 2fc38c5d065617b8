import Foundation
import PackagePlugin

/// Before each build writes the commit that is built into a Swift file, which changes only where the commit does.
@main
struct WriteCommit: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appendingPathComponent("generated")
        return [
            .prebuildCommand(
                displayName: "the commit that is built", executable: URL(fileURLWithPath: "/bin/sh"),
                arguments: [
                    context.package.directoryURL.appendingPathComponent("scripts/write-commit").path, output.path,
                ], outputFilesDirectory: output)
        ]
    }
}
