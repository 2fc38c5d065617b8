import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

/// The native heat bath against laws that are followed exactly over all 2⁸ states. Chains are independent; 6 standard
/// deviations bound Pearson's statistic at any seed.
@Suite struct IsingGibbsChainsTests {
    private static let d = 8
    private static let chains = 60_000

    /// Degrees 0 to 7: the hub 0 has seven neighbours but one, so that tables of every size and the summed field occur.
    private func model(uniform: Bool) throws -> IsingModel {
        let graph = try Graph(
            siteCount: Self.d,
            edges: [
                (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 6), (0, 7), (1, 2), (2, 3), (1, 3), (1, 4), (4, 5), (2, 5),
                (1, 5), (2, 4),
            ])
        return try IsingModel(
            graph, couplings: graph.edges.indices.map { uniform ? 0.3 : Float(0.5 * sin(Double(3 * $0 + 1))) },
            fields: (0..<Self.d).map { Float(0.4 * cos(Double($0))) })
    }

    private func law(_ energies: [Double], from start: Int, order: [Int], beta: Double) -> [Double] {
        var law = [Double](repeating: 0, count: energies.count)
        law[start] = 1
        for site in order {
            law = law.indices.map { n in
                (law[n] + law[n ^ 1 << site]) / (1 + exp(beta * (energies[n] - energies[n ^ 1 << site])))
            }
        }
        return law
    }

    struct Setting: Sendable, CustomTestStringConvertible {
        var form: HeatBathTables.Form?
        var uniform = false
        var scan = IsingGibbsChains.Scan.systematic
        var beta = 1.0
        var testDescription: String { "\(form.map { "\($0)" } ?? "best form"), uniform \(uniform), \(scan), β \(beta)" }
    }

    static let settings = [
        Setting(), Setting(uniform: true), Setting(form: .count, uniform: true), Setting(form: .field),
        Setting(form: .field, uniform: true), Setting(scan: .coloured),
        Setting(uniform: true, scan: .coloured, beta: 2),
        Setting(beta: 0.5),
    ]

    /// From one state, after one sweep and after eleven updates: each conditional probability and the order of sites
    /// show.
    @Test(arguments: settings)
    func updatesFollowTheConditionalProbabilitiesInOrder(setting: Setting) throws {
        let model = try model(uniform: setting.uniform)
        let energies = model.evaluate(allStates(Self.d, dtype: .float32)).array(Double.self)
        let colours = model.graph.greedyColouring()
        let order =
            setting.scan == .coloured
            ? (0...7).flatMap { colour in (0..<Self.d).filter { colours[$0] == colour } } : Array(0..<Self.d)
        let start = 0b0110_1001
        let x = allStates(Self.d, dtype: .float32).indexSelected(0, Tensor([Int](repeating: start, count: Self.chains)))
        var chains = try IsingGibbsChains(
            model, count: Self.chains, from: x, scan: setting.scan, inverseTemperature: setting.beta,
            form: setting.form,
            using: RandomGenerator(seed: 5))
        chains.sweep()
        let first = law(energies, from: start, order: order, beta: setting.beta)
        #expect(chiSquareDeviation(stateNumbers(chains.points), first) < 6)
        chains.update(3)
        let second = law(energies, from: start, order: order + order[0..<3], beta: setting.beta)
        #expect(chiSquareDeviation(stateNumbers(chains.points), second) < 6)
        let other = law(energies, from: start, order: order.reversed(), beta: setting.beta)
        #expect(chiSquareDeviation(stateNumbers(chains.points), other) > 6)
    }

    /// Spins without neighbours are drawn independently with p = σ(2h), so that a spin changes with probability 2pq,
    /// and the count of changes over N draws has variance N (4pq − 8p²q²) (neighbouring changes share a draw). 5·10⁹
    /// draws at p = 0.98 put the standard error of p at 2·10⁻⁶; eight-bit thresholds would be off by 4.7·10⁻⁴.
    @Test func aProbabilityNearOneIsRightToAHundredThousandth() throws {
        let h = 0.5 * log(0.98 / 0.02)
        let model = try IsingModel(Graph(siteCount: 1, edges: []), couplings: [], fields: [Float(h)])
        let p = 1 / (1 + exp(-2 * Double(Float(h))))
        var chains = try IsingGibbsChains(model, count: 4096, using: RandomGenerator(seed: 1))
        chains.update(10)
        let moves = chains.update(1_250_000)
        let (n, pq) = (Double(moves.proposed), p * (1 - p))
        let bound = 5 * (n * (4 * pq - 8 * pq * pq)).squareRoot()
        #expect(bound / n / (2 * (2 * p - 1)) < 1e-5)
        #expect(abs(moves.distance - 2 * pq * n) < bound)
    }

    /// The same behind neighbours that strong fields hold: in each form, p from 0.02 to 0.98; 10⁸ draws each, so a
    /// standard error of some 10⁻⁵ at the ends, where a step of 1/256 would be 4.7·10⁻⁴.
    @Test(arguments: [HeatBathTables.Form.count, .configuration, .field], [0.02, 0.3, 0.98])
    func probabilitiesBehindNeighboursAreFine(form: HeatBathTables.Form, p target: Double) throws {
        let graph = try Graph(siteCount: 4, edges: [(0, 1), (0, 2), (0, 3)])
        let couplings: [Float] = form == .count ? [0.25, 0.25, 0.25] : [0.5, -0.25, 1]
        let held = Double(couplings[0] - couplings[1] + couplings[2])
        let h = Float(0.5 * log(target / (1 - target)) - held)
        let model = try IsingModel(graph, couplings: couplings, fields: [h, 30, -30, 30])
        let p = 1 / (1 + exp(-2 * (Double(h) + held)))
        var chains = try IsingGibbsChains(model, count: 2048, form: form, using: RandomGenerator(seed: 2))
        chains.sweep(4)
        let moves = chains.sweep(50_000)
        let (n, pq) = (Double(moves.proposed) / 4, p * (1 - p))
        #expect(abs(moves.distance - 2 * pq * n) < 5 * (n * (4 * pq - 8 * pq * pq)).squareRoot() + 2e-7 * n)
    }

    /// To 2⁻³³, and to 2⁻³² where P rounds to one.
    @Test func thresholdsAreTheConditionalProbabilities() {
        for field in stride(from: -20.0, through: 20, by: 0.37) {
            let p = Double(HeatBathTables.threshold(field)) * 0x1p-32
            #expect(abs(p - 1 / (1 + exp(-2 * field))) <= 0x1.001p-32)
        }
        #expect(HeatBathTables.threshold(-1000) == 0 && HeatBathTables.threshold(1000) == .max)
        #expect(HeatBathTables.threshold(0) == 1 << 31)
    }

    /// The number of threads, other blocks of 64 chains, and how updates are grouped make no difference.
    @Test func whatABlockDoesIsItsOwn() throws {
        let model = try model(uniform: false)
        func run(_ count: Int, threads: Int, _ updates: [Int], _ scan: IsingGibbsChains.Scan) throws -> [Int] {
            let before = Runtime.threads
            defer { Runtime.threads = before }
            Runtime.threads = threads
            var chains = try IsingGibbsChains(model, count: count, scan: scan, using: RandomGenerator(seed: 3))
            for update in updates { chains.update(update) }
            return chains.points[0..<128].array()
        }
        for scan in IsingGibbsChains.Scan.allCases {
            let expected = try run(128, threads: 1, [40], scan)
            #expect(try run(128, threads: 2, [40], scan) == expected)
            #expect(try run(500, threads: 2, [40], scan) == expected)
            #expect(try run(128, threads: 1, [3, 1, 0, 36], scan) == expected)
            #expect(try run(128, threads: 1, [41], scan) != expected)
        }
    }

    @Test func startsAreTakenAndCoinsAreFair() throws {
        let model = try IsingModel.uniform(.squareTorus(side: 10), coupling: 0.1)
        let bits = Tensor.integers([70, 100], 0..<2, dtype: .uint8, using: RandomGenerator(seed: 9))
        let placed = try IsingGibbsChains(model, count: 70, from: bits, using: RandomGenerator(seed: 1))
        #expect(placed.points.array(Int.self) == bits.array(Int.self))
        let tossed = try IsingGibbsChains(model, count: 10_000, using: RandomGenerator(seed: 1)).points
        #expect(abs(tossed.sum().item() - 5e5) < 5 * (1e6 / 4).squareRoot())
    }

    /// What changed is counted as such: from all up at an overwhelming field down, each spin once.
    @Test func changesAreCounted() throws {
        let model = try IsingModel.uniform(.squareTorus(side: 20), coupling: 0, field: -30)
        var chains = try IsingGibbsChains(model, count: 70, from: .ones([70, 400]), using: RandomGenerator(seed: 1))
        let moves = chains.step()
        #expect(moves == Moves(proposed: 28_000, accepted: 28_000, distance: 28_000))
        #expect(chains.step().distance == 0 && moves.acceptanceRate == 1)
    }

    /// Chains on a model that has learnt something go on with its numbers.
    @Test func aNewModelsNumbersAreTakenOver() throws {
        let graph = try Graph.squareTorus(side: 3)
        var chains = try IsingGibbsChains(.uniform(graph, coupling: 0), count: 3, using: RandomGenerator(seed: 1))
        chains.setModel(try .uniform(graph, coupling: 0, field: 30))
        chains.sweep()
        #expect(chains.points.sum().item() == 27)
    }

    @Test func whatIsNoStartIsNamed() throws {
        let model = try IsingModel.uniform(.squareTorus(side: 3), coupling: 0.1)
        func error(_ x: Tensor?, beta: Double = 1) -> SamplingError? {
            do {
                _ = try IsingGibbsChains(
                    model, count: 2, from: x, inverseTemperature: beta, using: RandomGenerator(seed: 1))
            } catch { return error as? SamplingError }
            return nil
        }
        #expect(error(.zeros([2, 8])) == .shape([2, 8], expected: [2, 9]))
        #expect(error(.zeros([3, 9])) == .shape([3, 9], expected: [2, 9]))
        let spins = Tensor.zeros([2, 9])
        spins[1].selected(0, 4).fill(-1)
        #expect(error(spins) == .notABit(-1, chain: 1, site: 4))
        #expect(error(nil, beta: -1) == .inverseTemperature(-1))
        #expect(error(nil, beta: .infinity) == .inverseTemperature(.infinity))
        #expect(error(.zeros([2, 9])) == nil)
        #expect(SamplingError.notABit(-1, chain: 1, site: 4).description == "bit 4 of chain 1 is -1.0: bits are 0 or 1")
    }
}
