import EnergyModels
import Foundation
import RMwGGISIsing
import Testing
import Torch

@Suite struct DataTests {
    /// Three sites, J₀₁ = 0.3: over all nine ordered entries, both of an edge's, the three zeros of the diagonal.
    @Test func theErrorIsOverAllOrderedEntries() throws {
        let recovery = Recovery(truth: [0, 0.3, 0, 0.3, 0, 0, 0, 0, 0], siteCount: 3)
        let learnt = [0, 0.1, 0.02, 0.1, 0, -0.01, 0.02, -0.01, 0]
        let squares: Double = 2 * (0.2 * 0.2 + 0.02 * 0.02 + 0.01 * 0.01)
        #expect(abs(recovery.rootMeanSquareError(of: learnt) - (squares / 9).squareRoot()) < 1e-15)
        let scaled: Double = 2 * (0.1 * 0.1 + 0.08 * 0.08 + 0.04 * 0.04)
        #expect(abs(recovery.rootMeanSquareError(of: learnt, times: 4) - (scaled / 9).squareRoot()) < 1e-15)
        #expect(abs(recovery.baseline - (0.18 / 9).squareRoot()) < 1e-15)
        #expect(abs(try #require(recovery.slope(of: learnt)) - 0.1 / 0.3) < 1e-15)
        #expect(recovery.edgeArea(of: learnt) == 1)
    }

    /// One edge of strength ½ among pairs of 1, ½ and 0: it beats one, ties with one, loses to one.
    @Test func theAreaCountsTiesHalf() throws {
        var truth = [Double](repeating: 0, count: 16)
        var learnt = truth
        for (i, j, value) in [(0, 1, 0.5), (0, 2, -1), (0, 3, 0.5), (1, 2, 0), (1, 3, 0), (2, 3, 0.2)] {
            (learnt[i * 4 + j], learnt[j * 4 + i]) = (value, value)
        }
        (truth[1], truth[4]) = (2, 2)
        // Beats 0, 0 and 0.2; ties with 0.5; loses to 1.
        let area = try #require(Recovery(truth: truth, siteCount: 4).edgeArea(of: learnt))
        #expect(abs(area - 3.5 / 5) < 1e-15)
        var damaged = learnt
        damaged[1] = .nan
        #expect(Recovery(truth: truth, siteCount: 4).edgeArea(of: damaged) == nil)
    }

    /// The baseline of the released lattices, ln(σ √(4/D)).
    @Test(arguments: [
        ("square-10-s0.1", 0.1, 4.0, 100.0), ("square-10-s-0.1", 0.1, 4, 100), ("cubic-5-s0.2", 0.2, 6, 125),
    ])
    func theBaselineIsThatOfTheLattice(name: String, coupling: Double, degree: Double, sites: Double) throws {
        let data = try #require(SpinData(name))
        let recovery = Recovery(truth: try data.couplingMatrix(seed: 1), siteCount: data.siteCount)
        #expect(abs(log(recovery.baseline) - log(coupling * (degree / sites).squareRoot())) < 1e-6)
    }

    /// Samples have the moments of log p̃ = sᵀJs, each edge twice, by enumeration of the nine spins: 36 correlations,
    /// each within six standard errors; a single count would put the neighbours' some 40 off.
    @Test func samplesAreOfTheDoublyCountedModel() throws {
        let data = try #require(SpinData("square-3-s0.1"))
        let energy = try QuadraticEnergy(
            doublyCountedCouplings: data.couplingMatrix(seed: 1), fields: [Double](repeating: 0, count: 9))
        let exact = try energy.exactMoments().moments.second
        let points = try data.sample(chains: 20_000, updates: 900, field: 0.3, seed: 5)
        let found = BinaryMoments(of: points, alphabet: .spins)
        for i in 0..<9 {
            for j in 0..<i {
                let truth = exact[i * 9 + j]
                #expect(
                    abs(found.second[i * 9 + j] - truth) < 6 * ((1 - truth * truth) / 20_000).squareRoot(), "\(i), \(j)"
                )
            }
        }
        // The field is of Erdős–Rényi graphs only.
        #expect(found.first.allSatisfy { abs($0) < 6 / 20_000.squareRoot() })
    }

    /// A field b on every site of a random graph without edges gives ⟨s⟩ = tanh b; the graph and its couplings are the
    /// seed's.
    @Test func randomGraphsAreTheSeedsAndTakeAField() throws {
        let sparse = try #require(SpinData("er-20-0.000001"))
        let biased = BinaryMoments(
            of: try sparse.sample(chains: 20_000, updates: 40, field: 0.1, seed: 1), alphabet: .spins)
        #expect(biased.first.allSatisfy { abs($0 - tanh(0.1)) < 6 / 20_000.squareRoot() })
        #expect(biased.first.reduce(0, +) / 20 > 0.08)

        let data = try #require(SpinData("er-200-4"))
        let (graph, couplings) = try data.couplings(seed: 1111)
        #expect(try data.couplings(seed: 1111).graph == graph && data.couplings(seed: 1111).couplings == couplings)
        #expect(try data.couplings(seed: 2222).graph != graph)
        // 398 edges expected, standard deviation 19.7; couplings N(0, 1/4).
        #expect(abs(Double(graph.edges.count) - 398) < 6 * 19.7)
        let variance = couplings.reduce(0) { $0 + Double($1 * $1) } / Double(couplings.count)
        #expect(abs(variance - 0.25) < 6 * 0.25 * (2 / Double(couplings.count)).squareRoot())
    }
}
