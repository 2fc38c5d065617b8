import Foundation
import Torch

/// The densities of the plane that continuous models are tried on, with a box that holds all but 10⁻⁶ of each.
///
/// Gaussians on a ring and rings have the numbers of Nijkamp et al. (2019, released toy experiments); moons and spirals
/// follow the curves of `ToyDataset`, as mixtures along them; the other numbers are our choice.
public enum PlanarTarget: String, CaseIterable, Sendable, Codable {
    /// Eight Gaussians of deviation 0.15 on the unit circle.
    case eightGaussians = "8gaussians"
    /// 5 × 5 Gaussians of deviation 0.15, 1 apart.
    case gridGaussians = "25gaussians"
    /// Radii 1 to 4, deviation 0.15.
    case rings
    /// Two half circles of radius 2, deviation 0.2, 40 components each.
    case twoMoons = "moons"
    /// Two arms of one and a half turns, radius up to π, deviation 0.15, 100 components each.
    case twoSpirals = "2spirals"
    /// s = 1, b = 0.4, τ = 0.4.
    case banana
    /// Squares of side 2, on [−4, 4]².
    case checkerboard

    /// - Throws: `DensityError.unknownTarget`, which lists the names.
    public init(named name: String) throws(DensityError) {
        guard let target = PlanarTarget(rawValue: name) else { throw .unknownTarget(name) }
        self = target
    }

    public var density: any Density {
        // These settings are valid.
        switch self {
        case .eightGaussians:
            try! GaussianMixture(means: Self.circle(8), standardDeviation: 0.15)
        case .gridGaussians:
            try! GaussianMixture(means: Self.lattice, standardDeviation: 0.15)
        case .rings: try! RingsDensity(radii: [1, 2, 3, 4], standardDeviation: 0.15)
        case .twoMoons: try! GaussianMixture(means: Self.moons(40), standardDeviation: 0.2)
        case .twoSpirals: try! GaussianMixture(means: Self.spirals(100), standardDeviation: 0.15)
        case .banana: try! BananaDensity(spread: 1, curvature: 0.4, thickness: 0.4)
        case .checkerboard: try! CheckerboardDensity(side: 2)
        }
    }

    /// The box [x₁] × [x₂] that is looked at.
    public var box: (x: ClosedRange<Double>, y: ClosedRange<Double>) {
        switch self {
        case .eightGaussians: (-2...2, -2...2)
        case .gridGaussians: (-3...3, -3...3)
        case .rings: (-5...5, -5...5)
        case .twoMoons: (-4.5...4.5, -3...3)
        case .twoSpirals: (-4.5...4.5, -4.5...4.5)
        case .banana: (-5.5...5.5, -3...13)
        case .checkerboard: (-5...5, -5...5)
        }
    }

    private static func circle(_ count: Int) -> [[Double]] {
        (0..<count).map { k -> [Double] in
            let angle = 2 * Double.pi * Double(k) / Double(count)
            return [cos(angle), sin(angle)]
        }
    }

    private static var lattice: [[Double]] {
        (0..<25).map { k -> [Double] in [Double(k % 5) - 2, Double(k / 5) - 2] }
    }

    /// 2(cos t, sin t) + c and 2(1 − cos t, ½ − sin t) + c with c = (−1, −0.2), t at the middles of equal parts of [0,
    /// π].
    private static func moons(_ count: Int) -> [[Double]] {
        (0..<count).flatMap { j -> [[Double]] in
            let t = Double.pi * (Double(j) + 0.5) / Double(count)
            return [[2 * cos(t) - 1, 2 * sin(t) - 0.2], [1 - 2 * cos(t), 0.8 - 2 * sin(t)]]
        }
    }

    /// ±(−n cos n, n sin n)/3 with n = 3π√u, u at the middles of equal parts of [0, 1].
    private static func spirals(_ count: Int) -> [[Double]] {
        (0..<count).flatMap { j -> [[Double]] in
            let u = (Double(j) + 0.5) / Double(count)
            let n = 3 * Double.pi * u.squareRoot()
            let point = [-n * cos(n) / 3, n * sin(n) / 3]
            return [point, [-point[0], -point[1]]]
        }
    }
}
