// swift-tools-version: 6.2
import Foundation
import PackageDescription

// A package of its own, so that its one product is a dynamic library: a machine with another libtorch recompiles
// this library alone. libtorch is found by the environment variable LIBTORCH, else in .deps/libtorch of the checkout.
let root = URL(fileURLWithPath: Context.packageDirectory).deletingLastPathComponent().deletingLastPathComponent().path
let libtorch = Context.environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(root)/.deps/libtorch"
guard FileManager.default.fileExists(atPath: "\(libtorch)/include/ATen/ATen.h") else {
    fatalError(
        "no libtorch at \(libtorch) (include/ATen/ATen.h is missing): run 'make setup', or set LIBTORCH to a libtorch 2.13"
    )
}
let hasCUDA = FileManager.default.fileExists(atPath: "\(libtorch)/lib/libtorch_cuda.so")

let package = Package(
    name: "CTorch",
    products: [.library(name: "CTorch", type: .dynamic, targets: ["CTorch"])],
    targets: [
        .target(
            name: "CTorch",
            path: ".",
            exclude: ["Package.swift"],
            sources: ["Sources"],
            publicHeadersPath: "include",
            cxxSettings: [
                .unsafeFlags([
                    "-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include",
                    "-fvisibility=hidden", "-Wall", "-Wextra",
                ])
            ],
            // RPATH, not RUNPATH, which another libtorch on LD_LIBRARY_PATH would win over.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-L\(libtorch)/lib", "-Xlinker", "--disable-new-dtags", "-Xlinker", "-rpath", "-Xlinker",
                        "\(libtorch)/lib", "-Xlinker", "--no-as-needed",
                    ]
                        + (hasCUDA ? ["-ltorch_cuda", "-lc10_cuda"] : []) + ["-ltorch", "-ltorch_cpu", "-lc10"])
            ]
        )
    ],
    cxxLanguageStandard: .cxx20
)
