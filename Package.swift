// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The arrows of this manifest are the arrows of the house: a target imports only what it names here.

/// Kernels in Swift's SIMD types need the processor's vector width. `EBM_MARCH=x86-64-v3` builds for other machines.
let processor = Context.environment["EBM_MARCH"] ?? "native"
let kernelFlags: [SwiftSetting] = [
    .unsafeFlags(["-Xcc", "-march=\(processor)"], .when(configuration: .release))
]

/// What another package can import: the parts, then the harness and the command line for replications of one's own.
let libraries = [
    "Torch", "HDF5", "EnergyModels", "Datasets", "Samplers", "Objectives", "Metrics", "Figures", "Experiments",
    "ReplicationShared", "Commands",
]

/// The templates of the pages.
let templates = [
    "badge", "claims", "commands", "comparison", "figure", "index", "page", "picture", "replication", "run", "settings",
]

/// A published result's target: its Swift files, and beside them what is declared.
func replication(_ name: String) -> Target {
    let folder = "\(Context.packageDirectory)/Replications/\(name)/"
    let pages = ["README.md", "details.md"].filter { FileManager.default.fileExists(atPath: folder + $0) }
    return .target(
        name: name,
        dependencies: [
            "Datasets", "EnergyModels", "Experiments", "Figures", "HDF5", "Metrics", "Objectives", "ReplicationShared",
            "Samplers", "Torch",
        ],
        path: "Replications/\(name)", exclude: pages,
        resources: ["profiles", "metrics", "shows", "expected", "claims"].map { .embedInCode("\($0).yaml") })
}

let package = Package(
    name: "energy-based-models",
    products: libraries.map { .library(name: $0, targets: [$0]) } + [
        .executable(name: "replicate", targets: ["replicate"])
    ],
    dependencies: [
        .package(path: "Sources/CTorch"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
    ],
    targets: [
        // The articles of the guide, for `make docs`.
        .target(name: "Guide", path: "Documentation"),

        // The floor: thin C interfaces over system libraries.
        .target(name: "CHDF5", linkerSettings: [.linkedLibrary("hdf5_serial"), .linkedLibrary("z")]),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
        .target(name: "CProcess"),

        .systemLibrary(name: "CZlib"),

        // Tensors; arrays in files.
        .target(name: "Torch", dependencies: [.product(name: "CTorch", package: "CTorch")]),
        .target(name: "HDF5", dependencies: ["CHDF5"]),

        .target(name: "EnergyModels", dependencies: ["Torch"], swiftSettings: kernelFlags),
        .target(
            name: "Datasets", dependencies: ["CZlib", "HDF5", "Torch"],
            resources: [.embedInCode("Graphs/citeseer.edges")]),
        .target(name: "Samplers", dependencies: ["EnergyModels"], swiftSettings: kernelFlags),
        .target(name: "Objectives", dependencies: ["EnergyModels", "Samplers"]),
        .target(
            name: "Metrics", dependencies: ["Datasets", "EnergyModels", "HDF5", "Torch"], swiftSettings: kernelFlags),
        .target(name: "Figures", dependencies: ["CPNG", "Datasets"]),

        // Profiles, cells, run folders, checkpoints, pinned values.
        .target(
            name: "Experiments",
            dependencies: [
                "CProcess", "Datasets", "Figures", "HDF5", "Torch", "Yams",
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Measure/metrics.yaml")]),

        // Pages made from runs and claims.
        .target(
            name: "Report",
            dependencies: ["Experiments", "Figures", .product(name: "Mustache", package: "swift-mustache")],
            resources: templates.map { .embedInCode("Templates/\($0).mustache") } + [
                .embedInCode("style.css"), .embedInCode("report.js"),
            ]),

        // What several replications share: the methods of ratio matching, the training of known densities.
        .target(
            name: "ReplicationShared",
            dependencies: ["Datasets", "Experiments", "Figures", "Metrics", "Objectives", "Samplers"],
            path: "Replications/Shared"),

        // One target for each published result.
        replication("RMwGGISSynthetic"),
        replication("RMwGGISCost"),
        replication("RMwGGISIsing"),
        replication("RMwGGISGraphs"),
        replication("RMwGGISData"),
        replication("OuRBM"),
        replication("OuBoltzmann"),
        replication("AdaNCEImages"),
        replication("ScoreMatchingDensities"),
        replication("NCEFamily"),

        // The commit that is built.
        .plugin(name: "WriteCommit", capability: .buildTool()),
        .target(name: "BuildCommit", plugins: ["WriteCommit"]),

        // The command line, over whichever replications an executable brings.
        .target(
            name: "Commands",
            dependencies: [
                "Experiments", "EnergyModels", "Samplers", "Datasets", "Figures", "HDF5", "Metrics", "Report", "Torch",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "replicate",
            dependencies: [
                "BuildCommit", "Commands", "Experiments", "RMwGGISSynthetic", "RMwGGISCost", "RMwGGISIsing",
                "RMwGGISGraphs", "RMwGGISData", "OuBoltzmann",
                "OuRBM", "AdaNCEImages", "ScoreMatchingDensities", "NCEFamily", "Torch",
            ]),

        // Ours beside PyTorch's.
        .executableTarget(
            name: "bench",
            dependencies: [
                "Datasets", "Metrics", "Objectives", "Samplers",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Driver", swiftSettings: kernelFlags),

        // Independent truths for the tests: enumeration, finite differences, a plain model.
        .target(name: "Oracles", dependencies: ["EnergyModels"], path: "Tests/Oracles", resources: [.copy("Golden")]),

        // A replication's smoke profile, run in a test's own process.
        .target(
            name: "RunSupport",
            dependencies: ["Experiments", "Torch", .product(name: "Logging", package: "swift-log")],
            path: "Tests/RunSupport"),

        .testTarget(name: "TorchTests", dependencies: ["Torch", "Oracles"]),
        .testTarget(name: "EnergyModelsTests", dependencies: ["EnergyModels", "Oracles"]),
        .testTarget(
            name: "ObjectivesTests", dependencies: ["EnergyModels", "Objectives", "Oracles", "Samplers", "Torch"]),
        .testTarget(name: "SamplersTests", dependencies: ["EnergyModels", "Oracles", "Samplers", "Torch"]),
        .testTarget(
            name: "MetricsTests", dependencies: ["Metrics", "Datasets", "HDF5", "Oracles"], resources: [.copy("Golden")]
        ),
        .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "HDF5"], resources: [.copy("Golden")]),
        .testTarget(name: "FiguresTests", dependencies: ["Figures", "Datasets"]),
        .testTarget(
            name: "ReportTests",
            dependencies: ["Experiments", "Figures", "NoisyQuadratic", "Report", "RunSupport", "harness-fixture"]),
        .testTarget(
            name: "HDF5Tests", dependencies: ["HDF5"], exclude: ["make-golden"], resources: [.copy("Golden")]),
        .testTarget(name: "READMETests", dependencies: ["replicate"]),
        .testTarget(
            name: "RMwGGISSyntheticTests", dependencies: ["RMwGGISSynthetic", "RunSupport"],
            resources: [.copy("Golden")]),
        .testTarget(name: "AdaNCEImagesTests", dependencies: ["AdaNCEImages", "Datasets", "RunSupport"]),
        // `run --device cuda` on a stand-in for a GPU.
        .testTarget(
            name: "SimulatedDeviceTests", dependencies: ["Experiments", "RunSupport", "replicate"],
            path: "Tests/SimulatedDevice",
            exclude: ["device.cpp"]),
        .testTarget(
            name: "ScoreMatchingDensitiesTests",
            dependencies: ["ReplicationShared", "ScoreMatchingDensities", "RunSupport"]),
        .testTarget(name: "NCEFamilyTests", dependencies: ["EnergyModels", "NCEFamily", "RunSupport"]),
        .testTarget(name: "OuRBMTests", dependencies: ["OuRBM", "RunSupport"]),
        .testTarget(name: "RMwGGISCostTests", dependencies: ["RMwGGISCost", "RunSupport"]),
        .testTarget(name: "RMwGGISIsingTests", dependencies: ["RMwGGISIsing", "RunSupport"]),
        .testTarget(
            name: "RMwGGISGraphsTests", dependencies: ["Datasets", "Metrics", "RMwGGISGraphs", "RunSupport"]),
        .testTarget(
            name: "RMwGGISDataTests",
            dependencies: [
                "Datasets", "EnergyModels", "ReplicationShared", "RMwGGISData", "RunSupport", "Samplers",
            ]),
        .testTarget(
            name: "OuBoltzmannTests",
            dependencies: ["OuBoltzmann", "Oracles", "RunSupport"]),
        // A replication small enough to run in a test, the executable that runs it, and the tests of both.
        .target(
            name: "NoisyQuadratic", dependencies: ["Datasets", "Experiments", "Figures", "HDF5"],
            path: "Tests/NoisyQuadratic"),
        .executableTarget(
            name: "harness-fixture", dependencies: ["Commands", "Experiments", "NoisyQuadratic"],
            path: "Tests/HarnessFixture"),
        // Damaged files for every reader, and the tests of what feeds them.
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Datasets", "Experiments", "Figures", "HDF5", "Metrics", "NoisyQuadratic", "RMwGGISSynthetic", "Torch",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Fuzz", exclude: ["make-corpus"],
            resources: ["h5py-earliest.h5", "h5py-latest.h5", "images-idx3-ubyte.gz", "golden.json"].map {
                .embedInCode("Corpus/\($0)")
            }),
        .testTarget(name: "FuzzTests", dependencies: ["fuzz"]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: [
                "Commands", "Experiments", "Datasets", "Figures", "HDF5", "Metrics", "NoisyQuadratic", "Torch",
                "harness-fixture",
                .product(name: "Logging", package: "swift-log"),
            ]),
    ]
)
