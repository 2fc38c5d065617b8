import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

@Suite struct RelationalGraphEnergyTests {
    /// Networks of both normalisations, with and without residuals, and one that the kernel knows.
    private static let shapes: [(layers: Int, width: Int, RelationalGraphNetwork.Normalization, residual: Bool)] = [
        (1, 4, .nodes, false), (2, 5, .root, true), (3, 16, .root, false), (4, 16, .nodes, true),
        (5, 32, .nodes, false),
    ]

    private func network(_ index: Int, _ dtype: DType = .float64) -> RelationalGraphNetwork {
        let (layers, width, normalization, residual) = Self.shapes[index]
        return RelationalGraphNetwork(
            layers: layers, width: width, normalization: normalization, isResidual: residual, dtype: dtype,
            using: RandomGenerator(seed: 7))
    }

    private func graphs(_ count: Int, nodes n: Int, seed: UInt64, dtype: DType = .float64) -> Tensor {
        RandomGenerator(seed: seed).bernoulli(.full([count, n * (n - 1) / 2], 0.4, dtype: dtype))
    }

    /// Golden/graph-energy.json, by PyTorch in float64: some thousand roundings, 10⁻¹⁰ is far above them.
    @Test func energiesFlipsAndGradientsAreTheGoldenOnes() throws {
        let golden = try GraphEnergyGolden.load()
        #expect(golden.models.count == 2)
        for (name, expected) in golden.models {
            let network = expected.network()
            for graph in expected.graphs {
                let model = network.energy(nodes: graph.nodes)
                let place: Comment = "\(name), \(graph.nodes) nodes"
                #expect(abs(model.evaluate(graph.x).item() - graph.energy) < 1e-10, place)
                #expect(abs(model.evaluate(graph.permuted).item() - graph.energy) < 1e-10, place)
                let flips = withoutGradients { model.flipDifferences(graph.x, at: nil) }.array(Double.self)
                #expect(deviation(flips, graph.flipDifferences) < 1e-10, place)
                #expect(deviation(model.inputGradient(graph.x).array(), graph.inputGradient) < 1e-10, place)
            }
            let (classes, model) = (expected.classesOf4Nodes, network.energy(nodes: 4))
            #expect(deviation(model.evaluate(classes.x).array(), classes.energy) < 1e-10)
            // log Z over the 64 labelled graphs, and over the classes with their copies.
            let exact = model.exactDistributions()[0].logPartitionFunction
            #expect(abs(exact - classes.logZOver64Labelled) < 1e-10)
            for (index, copies) in classes.labelledCopies.enumerated() {
                let logarithm = log(Double(copies)) - classes.energy[index] - exact
                #expect(abs(logarithm - classes.logProbability[index]) < 1e-10)
            }
        }
    }

    /// By a plain loop over nodes as the formula has it, A in [0, 1] as in {0, 1}; residual too.
    @Test(arguments: 0..<5) func theEnergyIsTheFormula(_ index: Int) {
        let (network, n) = (network(index), 6)
        let x = Tensor.uniform([3, 15], dtype: .float64, using: RandomGenerator(seed: 2))
        let found = network.energy(nodes: n).evaluate(x).array(Double.self)
        for row in 0..<3 { #expect(abs(found[row] - plainEnergy(network, n, x[row].array())) < 1e-12) }
    }

    private func plainEnergy(_ network: RelationalGraphNetwork, _ n: Int, _ x: [Double]) -> Double {
        var a = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
        var next = 0
        for i in 0..<n {
            for j in i + 1..<n {
                (a[i][j], a[j][i]) = (x[next], x[next])
                next += 1
            }
        }
        let c = network.normalization == .nodes ? Double(n) : Double(n).squareRoot()
        var h = [[Double]](repeating: [1], count: n)
        for (number, layer) in network.layers.enumerated() {
            let (w, b) = (layer.weight.array(Double.self), layer.bias.array(Double.self))
            h = (0..<n).map { i in
                var inputs = h[i]
                for relation in 0..<2 {
                    inputs += h[i].indices.map { k in
                        (0..<n).reduce(0) { sum, j in
                            sum + (j == i ? 0 : relation == 0 ? a[i][j] : 1 - a[i][j]) * h[j][k] / c
                        }
                    }
                }
                return b.indices.map { k in
                    let z = inputs.indices.reduce(b[k]) { $0 + w[k * inputs.count + $1] * inputs[$1] }
                    let f = z / (1 + exp(-z))
                    return network.isResidual && number > 0 ? h[i][k] + f : f
                }
            }
        }
        let (w, b) = (network.readOut.weight.array(Double.self), network.readOut.bias.item())
        return h.reduce(0) { sum, h in sum + zip(h, w).reduce(b) { $0 + $1.0 * $1.1 } }
    }

    /// Flips and, through a loss of them, the gradients of all parameters: by what a flip changes, and by flipped copies.
    @Test(arguments: 0..<5, [2, 3, 9]) func flipsAreThoseOfFlippedCopies(_ index: Int, n: Int) {
        let model = network(index).energy(nodes: n)
        let x = graphs(4, nodes: n, seed: 3)
        let d = n * (n - 1) / 2
        for indices in [nil, Tensor((0..<4 * 3).map { $0 * 5 % d }, shape: [4, 3])] {
            let fast = model.flipDifferences(x, at: indices)
            let generic = model.genericFlipDifferences(x, at: indices)
            #expect(deviation(fast.detached(), generic.detached()) < 1e-12)
            let parameters = model.parameters.tensors
            let (a, b) = (
                gradients(of: (2 * fast).exp().sum(), withRespectTo: parameters),
                gradients(of: (2 * generic).exp().sum(), withRespectTo: parameters)
            )
            for (name, (a, b)) in zip(model.parameters.names, zip(a, b)) { #expect(deviation(a, b) < 1e-11, "\(name)") }
            // The read-out's constant is in no difference.
            if index > 0 { #expect(a.last!.item() == 0) }
        }
    }

    /// ∂E/∂xᵢⱼ by central differences: 10⁻⁹ of numbers of order one.
    @Test(arguments: 0..<5) func theInputGradientIsThatOfFiniteDifferences(_ index: Int) {
        let model = network(index).energy(nodes: 5)
        let x = Tensor.uniform([2, 10], dtype: .float64, using: RandomGenerator(seed: 4))
        let found = model.inputGradient(x).array(Double.self)
        #expect(deviation(found, centralDifferences(at: x) { model.evaluate(x).sum().item() }) < 1e-9)
    }

    /// E(PAPᵀ) = E(A), to the rounding of sums in another order.
    @Test(arguments: 0..<5) func theEnergyDoesNotKnowTheNodesNumbers(_ index: Int) {
        let (n, network) = (9, network(index))
        let order = RandomGenerator(seed: 5).permutation(n).array(Int.self)
        var number: [Set<Int>: Int] = [:]
        for i in 0..<n { for j in i + 1..<n { number[[i, j]] = number.count } }
        let map = (0..<n).flatMap { i in (i + 1..<n).map { number[[order[i], order[$0]]]! } }
        let x = graphs(6, nodes: n, seed: 6)
        let model = network.energy(nodes: n)
        #expect(deviation(model.evaluate(x.indexSelected(1, Tensor(map))), model.evaluate(x)) < 1e-13)
    }

    /// Nodes that colour refinement cannot tell apart have one energy: the hexagon and two triangles.
    @Test func theHexagonIsTwoTriangles() {
        let model = network(4).energy(nodes: 6)
        func energy(_ edges: [(Int, Int)]) -> Double {
            let bits = (0..<6).flatMap { i in
                (i + 1..<6).map { j in edges.contains { Set([$0.0, $0.1]) == [i, j] } ? 1.0 : 0 }
            }
            return model.evaluate(Tensor(bits, shape: [1, 15])).item()
        }
        let hexagon = energy([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)])
        let triangles = energy([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)])
        let prism = energy([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (0, 3)])
        #expect(abs(hexagon - triangles) < 1e-13 && abs(hexagon - prism) > 1e-6)
    }

    /// One set of weights: what one size learns is what another has.
    @Test func sizesShareTheirWeights() {
        let network = network(2)
        let (small, large) = (network.energy(nodes: 4), network.energy(nodes: 12))
        #expect(small.dimension == 6 && large.dimension == 66 && small.parameters.names == large.parameters.names)
        let x = graphs(2, nodes: 12, seed: 8)
        let before = large.evaluate(x).array(Double.self)
        small.parameters["layer2.bias"]!.detached().fill(0.5)
        #expect(large.evaluate(x).array(Double.self) != before)
    }

    /// The kernel's energies, float32: a chain goes through flips as the recorded energy says, and its last energy is not
    /// the sum of many differences. 2·10⁻⁵ of energies of order ten is some ten roundings.
    @Test(arguments: 2..<5, [2, 7, 20, 40]) func chainsHaveTheModelsDifferences(_ index: Int, n: Int) {
        let model = network(index, .float32).energy(nodes: n)
        let x = graphs(70, nodes: n, seed: 9, dtype: .float32)
        let state = model.flipState(x)
        #expect(!"\(type(of: state))".contains("Evaluating"))
        let generator = RandomGenerator(seed: 10)
        for site in stride(from: 0, to: model.dimension, by: max(1, model.dimension / 12)) {
            let indices = Tensor([Int](repeating: site, count: 70), shape: [70, 1])
            let expected = withoutGradients { model.genericFlipDifferences(state.x, at: indices) }.squeezed(1)
            let found = state.flipDifference(at: site)
            let scale = 1 + model.evaluate(state.x).abs().max().item()
            #expect((found - expected).abs().max().item() < 2e-5 * scale, "site \(site)")
            let before = state.x.selected(1, site).array(Float.self)
            let accepted = generator.bernoulli(.full([70], 0.5)) .> 0.5
            state.flip(at: site, where: accepted)
            for (chain, moves) in accepted.array(UInt8.self).enumerated() {
                #expect(state.x[chain][site].item() == Double(moves == 1 ? 1 - before[chain] : before[chain]))
            }
        }
        #expect(x.array(Float.self) == graphs(70, nodes: n, seed: 9, dtype: .float32).array(Float.self))
    }

    /// Another width is right too, by the path that evaluates.
    @Test func widthsOffTheLanesAreEvaluated() {
        let model = network(1, .float32).energy(nodes: 5)
        let state = model.flipState(graphs(3, nodes: 5, seed: 1, dtype: .float32))
        #expect("\(type(of: state))".contains("Evaluating"))
    }

    /// Flips, parameters' gradients and input gradients by the kernel, float32, beside float64. A loss of differences cancels
    /// most of the energies' gradients, so float32 itself is the measure: four times the deviation of the generic form
    /// there and 10⁻⁵. Draws may repeat; a flip without weight is left out.
    @Test(arguments: 2..<5, [2, 3, 9, 20]) func theKernelHasTheModelsDerivatives(_ index: Int, n: Int) {
        let (own, exact) = (network(index, .float32).energy(nodes: n), network(index).energy(nodes: n))
        exact.parameters.assign(own.parameters)
        let x = graphs(5, nodes: n, seed: 11)
        let single = x.converted(to: .float32)
        let d = n * (n - 1) / 2
        for indices in [nil, Tensor((0..<5 * 4).map { $0 * 7 % d }, shape: [5, 4])] {
            let weights = (0..<5 * (indices?.size(1) ?? d)).map { Double($0 % 3) }
            func found(_ flips: Tensor, _ parameters: Parameters) -> [Tensor] {
                let factors = Tensor(weights, shape: flips.shape).converted(to: flips.dtype)
                return [flips.detached()]
                    + gradients(of: (flips.softplus() * factors).sum(), withRespectTo: parameters.tensors)
            }
            let kernel = found(own.flipDifferences(single, at: indices), own.parameters)
            let generic = found(own.genericFlipDifferences(single, at: indices), own.parameters)
            let truth = found(exact.genericFlipDifferences(x, at: indices), exact.parameters)
            for (place, name) in (["flips"] + own.parameters.names).enumerated() {
                let bound = 4 * deviation(generic[place], truth[place]) + 1e-5
                #expect(deviation(kernel[place], truth[place]) < bound, "\(name)")
            }
        }
        #expect(deviation(own.inputGradient(single), exact.recordedInputGradient(x)) < 2e-5)
        // Points between graphs have their gradient too, by the record.
        let between = single * 0.5 + 0.25
        #expect(deviation(own.inputGradient(between), own.recordedInputGradient(between)) < 1e-6)
    }

    /// Sums are taken per thread and then in the order of the threads: the same bytes again.
    @Test func gradientsOfTheKernelRepeat() {
        let model = network(2, .float32).energy(nodes: 7)
        let x = graphs(100, nodes: 7, seed: 12, dtype: .float32)
        let found = (0..<2).map { _ in
            gradients(of: model.flipDifferences(x, at: nil).exp().sum(), withRespectTo: model.parameters.tensors)
                .map { $0.array(Float.self) }
        }
        #expect(found[0] == found[1])
    }
}
