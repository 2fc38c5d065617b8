// swift-tools-version: 6.2
import PackageDescription

// Two programs that use the library from outside, as a package of one's own would: by the path of a checkout in which
// `make setup` has run. The package's name, not its folder's, is what products are looked up by.
let suite = "energy-based-models"
func suiteProducts(_ names: String...) -> [Target.Dependency] { names.map { .product(name: $0, package: suite) } }

let package = Package(
    name: "examples",
    dependencies: [.package(name: suite, path: "..")],
    targets: [
        .executableTarget(
            name: "own-energy", dependencies: suiteProducts("EnergyModels", "Objectives", "Samplers", "Torch"),
            path: "OwnEnergy"),
        .executableTarget(
            name: "own-replication",
            dependencies: suiteProducts("Commands", "EnergyModels", "Experiments", "Objectives", "Torch"),
            path: "OwnReplication"),
    ]
)
