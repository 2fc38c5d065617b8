import Torch

/// Energies of graphs of n ≤ 64 nodes, one graph at a time on the calling thread, in float32, with their gradients.
///
/// A node's features after the first layer depend on its degree alone. So they, and what the second layer makes of them, are
/// looked up in tables by degree, and the first two layers need additions only; the layers above cost two products of a
/// matrix with a vector for each node. Tables and matrices are one tensor, `weights`, that is recorded as a function of the
/// network's parameters: the kernel gives its gradient, and the record does the rest.
///
/// The read-out's constant, which no difference has, is left out.
final class RelationalGraphKernel {
    typealias Lanes = SIMD16<Float>

    static let lanes = Lanes.scalarCount

    let nodeCount: Int
    /// Where each part of `weights` stands.
    fileprivate let layout: Layout
    fileprivate let isResidual: Bool
    /// All that the kernel reads, [layout.count].
    let weights: Tensor
    fileprivate let values: UnsafeMutablePointer<Float>
    /// Own and edge matrices and that of all nodes, by columns, for each deep layer.
    private let byColumns: Tensor
    fileprivate let columns: UnsafeMutablePointer<Float>
    /// Derivatives of the four tables by a degree that is a number.
    private let slopes: Tensor
    fileprivate let slopeValues: UnsafeMutablePointer<Float>

    /// Own, edge, all and features by degree, [n, width] each; for each deep layer the own and edge matrices, that of all
    /// nodes, [width, width] each, and the bias; the read-out's weights [width].
    struct Layout {
        let nodes, width, deep: Int
        var table: Int { nodes * width }
        var square: Int { width * width }
        func matrices(_ layer: Int) -> Int { 4 * table + layer * (3 * square + width) }
        var readOut: Int { matrices(deep) }
        var count: Int { readOut + width }
    }

    /// nil for a model that the kernel does not know: one layer, a width that is no multiple of 16, more than 64 nodes,
    /// another type or device.
    init?(_ model: RelationalGraphEnergy) {
        let (network, n) = (model.network, model.nodeCount)
        guard network.layers.count >= 2, network.width.isMultiple(of: Self.lanes), n <= 64, model.dtype == .float32,
            model.device == .cpu
        else { return nil }
        let width = network.width
        (nodeCount, isResidual) = (n, network.isResidual)
        layout = Layout(nodes: n, width: width, deep: network.layers.count - 2)
        let divisor = network.normalization.divisor(n)
        let layers = network.layers.dropFirst().map { DeepLayer($0, divisor: divisor) }
        let first = FirstLayer(network, nodeCount: n)
        let z = first.preactivation(degrees: Tensor.range(n, dtype: .float32).unsqueezed(0))
        let (h, second) = (z.silu(), layers[0])
        let tables = [second.own(h), second.edge(h), second.all(h), h]
        let deep = layers.dropFirst().flatMap { [$0.ownWeight, $0.edgeWeight, $0.allWeight, $0.bias] }
        weights = Tensor.concatenated((tables + deep + [network.readOut.weight]).map { $0.reshaped([-1]) })
        values = weights.detached().unsafeElements(Float.self)
        (byColumns, slopes) = withoutGradients {
            let matrices = layers.dropFirst().flatMap { [$0.ownWeight, $0.edgeWeight, $0.allWeight] }
            let sigma = z.sigmoid()
            let slope = (sigma + h * (1 - sigma)) * first.slope
            return (
                matrices.isEmpty
                    ? Tensor.empty([0]) : Tensor.concatenated(matrices.map { $0.transposed().reshaped([-1]) }),
                Tensor.concatenated(
                    [slope.linear(second.ownWeight), second.edge(slope), second.all(slope), slope].map {
                        $0.reshaped([-1])
                    })
            )
        }
        columns = byColumns.unsafeElements(Float.self)
        slopeValues = slopes.unsafeElements(Float.self)
    }

    /// The sets of neighbours of each node of graphs x, pairs [graphs, d], as [graphs · n]; nil where a number is no bit.
    static func neighbours(_ x: Tensor, nodes n: Int) -> [UInt64]? {
        let (bits, graphs, d) = (x.array(Float.self), x.size(0), n * (n - 1) / 2)
        var rows = [UInt64](repeating: 0, count: graphs * n)
        for graph in 0..<graphs {
            var next = graph * d
            for i in 0..<n {
                for j in i + 1..<max(n, i + 1) {
                    if bits[next] == 1 {
                        rows[graph * n + i] |= 1 << UInt64(j)
                        rows[graph * n + j] |= 1 << UInt64(i)
                    } else if bits[next] != 0 {
                        return nil
                    }
                    next += 1
                }
            }
        }
        return rows
    }

    /// Lends memory for calls on this thread.
    func withScratch(_ body: (GraphScratch) -> Void) {
        let (n, width, layers) = (nodeCount, layout.width, layout.deep + 1)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: n) { rows in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: n) { degrees in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: ((2 * layers + 4) * n + 2) * width) { floats in
                    body(
                        GraphScratch(
                            self, rows: rows.baseAddress!, degrees: degrees.baseAddress!, floats: floats.baseAddress!))
                }
            }
        }
    }
}

/// The work on one graph: its neighbours, and what its layers hold.
struct GraphScratch {
    typealias Lanes = RelationalGraphKernel.Lanes

    let rows: UnsafeMutablePointer<UInt64>
    private let degrees: UnsafeMutablePointer<Int>
    private let kernel: RelationalGraphKernel
    private let n, width: Int
    /// Pre-activations and features of the second layer and those above, [layers, n, width].
    private let z, h: UnsafeMutablePointer<Float>
    /// Edge products, or sums over neighbours; gradients with respect to z and h; [n, width] each.
    private let products, zGradient, hGradient, spare: UnsafeMutablePointer<Float>
    /// Sums over nodes, [width] each.
    private let sum, shared: UnsafeMutablePointer<Float>

    fileprivate init(
        _ kernel: RelationalGraphKernel, rows: UnsafeMutablePointer<UInt64>, degrees: UnsafeMutablePointer<Int>,
        floats: UnsafeMutablePointer<Float>
    ) {
        (self.kernel, self.rows, self.degrees) = (kernel, rows, degrees)
        (n, width) = (kernel.nodeCount, kernel.layout.width)
        let (table, layers) = (kernel.layout.table, kernel.layout.deep + 1)
        (z, h) = (floats, floats + layers * table)
        let rest = floats + 2 * layers * table
        (products, zGradient, hGradient, spare) = (rest, rest + table, rest + 2 * table, rest + 3 * table)
        (sum, shared) = (rest + 4 * table, rest + 4 * table + width)
    }

    // MARK: - Forward

    /// Takes over a graph's neighbours; a pair is flipped where one is given.
    func take(_ neighbours: UnsafePointer<UInt64>, flipping pair: (Int, Int)? = nil) {
        for i in 0..<n { rows[i] = neighbours[i] }
        if let (a, b) = pair {
            rows[a] ^= 1 << UInt64(b)
            rows[b] ^= 1 << UInt64(a)
        }
    }

    /// E of the graph, but for the read-out's constant.
    func energy() -> Float {
        for i in 0..<n { degrees[i] = rows[i].nonzeroBitCount }
        lookUp()
        for layer in 0..<kernel.layout.deep { apply(layer) }
        let (last, w) = (h + kernel.layout.deep * kernel.layout.table, kernel.values + kernel.layout.readOut)
        var total = Lanes.zero
        for i in 0..<n { for c in chunks { total = total.addingProduct(load(last, i * width + c), load(w, c)) } }
        return total.sum()
    }

    private var chunks: StrideTo<Int> { stride(from: 0, to: width, by: RelationalGraphKernel.lanes) }

    /// The first two layers.
    private func lookUp() {
        let table = kernel.layout.table
        let (own, edge) = (kernel.values, kernel.values + table)
        let (all, features) = (kernel.values + 2 * table, kernel.values + 3 * table)
        for c in chunks {
            var sum = Lanes.zero
            for i in 0..<n { sum += load(all, degrees[i] * width + c) }
            for i in 0..<n {
                var value = sum + load(own, degrees[i] * width + c)
                forEachNeighbour(i) { value += load(edge, degrees[$0] * width + c) }
                store(value, z, i * width + c)
                let f = swish(value)
                store(kernel.isResidual ? f + load(features, degrees[i] * width + c) : f, h, i * width + c)
            }
        }
    }

    /// The layer above: z ← own h + Σ over neighbours of edge h + all Σ h + bias, h ← swish(z).
    private func apply(_ layer: Int) {
        let (table, square) = (kernel.layout.table, kernel.layout.square)
        let (below, z, above) = (h + layer * table, z + (layer + 1) * table, h + (layer + 1) * table)
        let own = kernel.columns + 3 * layer * square
        let bias = kernel.values + kernel.layout.matrices(layer) + 3 * square
        sumOverNodes(below, into: sum)
        edgeProducts(layer)
        for c in chunks { store(product(own + 2 * square, sum, c, from: load(bias, c)), shared, c) }
        for i in 0..<n {
            for c in chunks {
                var value = product(own, below + i * width, c, from: load(shared, c))
                forEachNeighbour(i) { value += load(products, $0 * width + c) }
                store(value, z, i * width + c)
                let f = swish(value)
                store(kernel.isResidual ? f + load(below, i * width + c) : f, above, i * width + c)
            }
        }
    }

    /// products ← edge h of the layer below.
    private func edgeProducts(_ layer: Int) {
        let below = h + layer * kernel.layout.table
        let edge = kernel.columns + (3 * layer + 1) * kernel.layout.square
        for i in 0..<n {
            for c in chunks { store(product(edge, below + i * width, c, from: .zero), products, i * width + c) }
        }
    }

    // MARK: - Backward

    /// Adds g times the gradient of the energy that was computed last to `sums`, of the kernel's layout.
    func addGradient(_ g: Float, to sums: UnsafeMutablePointer<Float>) {
        let (layout, table) = (kernel.layout, kernel.layout.table)
        let last = h + layout.deep * table
        for c in chunks {
            var total = Lanes.zero
            for i in 0..<n { total += load(last, i * width + c) }
            add(g * total, to: sums + layout.readOut, c)
            for i in 0..<n { store(g * load(kernel.values + layout.readOut, c), hGradient, i * width + c) }
        }
        for layer in (0..<layout.deep).reversed() { goBack(layer, addingTo: sums + layout.matrices(layer)) }
        throughActivation(0)
        for i in 0..<n {
            let place = degrees[i] * width
            for c in chunks {
                add(load(zGradient, i * width + c), to: sums, place + c)
                add(load(spare, i * width + c), to: sums + table, place + c)
                add(load(shared, c), to: sums + 2 * table, place + c)
                if kernel.isResidual { add(load(hGradient, i * width + c), to: sums + 3 * table, place + c) }
            }
        }
    }

    /// zGradient ← hGradient through the activation of a layer; spare ← its sums over neighbours, shared ← over all.
    private func throughActivation(_ layer: Int) {
        let z = z + layer * kernel.layout.table
        for c in chunks {
            var total = Lanes.zero
            for i in 0..<n {
                let value = load(hGradient, i * width + c) * swishSlope(load(z, i * width + c))
                store(value, zGradient, i * width + c)
                total += value
            }
            store(total, shared, c)
            for i in 0..<n {
                var value = Lanes.zero
                forEachNeighbour(i) { value += load(zGradient, $0 * width + c) }
                store(value, spare, i * width + c)
            }
        }
    }

    /// hGradient of a deep layer to that of the layer below; gradients of its matrices are added to `sums` where given.
    private func goBack(_ layer: Int, addingTo sums: UnsafeMutablePointer<Float>?) {
        let (table, square) = (kernel.layout.table, kernel.layout.square)
        throughActivation(layer + 1)
        let matrices = kernel.values + kernel.layout.matrices(layer)
        if let sums {
            let below = h + layer * table
            sumOverNodes(below, into: sum)
            for c in chunks { add(load(shared, c), to: sums + 3 * square, c) }
            for k in 0..<width {
                for c in chunks {
                    var (own, edge) = (load(sums, k * width + c), load(sums + square, k * width + c))
                    for i in 0..<n {
                        let value = load(below, i * width + c)
                        own = own.addingProduct(Lanes(repeating: zGradient[i * width + k]), value)
                        edge = edge.addingProduct(Lanes(repeating: spare[i * width + k]), value)
                    }
                    store(own, sums, k * width + c)
                    store(edge, sums + square, k * width + c)
                    add(shared[k] * load(sum, c), to: sums + 2 * square, k * width + c)
                }
            }
        }
        for c in chunks { store(product(matrices + 2 * square, shared, c, from: .zero), sum, c) }
        for i in 0..<n {
            for c in chunks {
                var value = product(matrices, zGradient + i * width, c, from: load(sum, c))
                value = product(matrices + square, spare + i * width, c, from: value)
                if kernel.isResidual { value += load(hGradient, i * width + c) }
                store(value, products, i * width + c)
            }
        }
        hGradient.update(from: products, count: table)
    }

    /// ∂E/∂xᵢⱼ of every pair, that of both entries of A, of the energy that was computed last; into d numbers.
    func inputGradient(into output: UnsafeMutablePointer<Float>) {
        let (layout, table) = (kernel.layout, kernel.layout.table)
        for index in 0..<n * (n - 1) / 2 { output[index] = 0 }
        for i in 0..<n { for c in chunks { store(load(kernel.values + layout.readOut, c), hGradient, i * width + c) } }
        for layer in (0..<layout.deep).reversed() {
            goBack(layer, addingTo: nil)
            // goBack leaves the gradient with respect to z in place.
            edgeProducts(layer)
            addPairs({ products + $0 * width }, to: output)
        }
        throughActivation(0)
        addPairs({ kernel.values + table + degrees[$0] * width }, to: output)
        let slopes = kernel.slopeValues
        for i in 0..<n {
            let place = degrees[i] * width
            var total = Lanes.zero
            for c in chunks {
                total = total.addingProduct(load(zGradient, i * width + c), load(slopes, place + c))
                total = total.addingProduct(load(spare, i * width + c), load(slopes + table, place + c))
                total = total.addingProduct(load(shared, c), load(slopes + 2 * table, place + c))
                if kernel.isResidual {
                    total = total.addingProduct(load(hGradient, i * width + c), load(slopes + 3 * table, place + c))
                }
            }
            let byDegree = total.sum()
            forEachPair { index, a, b in if a == i || b == i { output[index] += byDegree } }
        }
    }

    /// Adds zᵢ · vⱼ + zⱼ · vᵢ for each pair, z the gradient with respect to pre-activations.
    private func addPairs(
        _ vectors: (Int) -> UnsafeMutablePointer<Float>, to output: UnsafeMutablePointer<Float>
    ) {
        forEachPair { index, i, j in
            var total = Lanes.zero
            for c in chunks {
                total = total.addingProduct(load(zGradient, i * width + c), load(vectors(j), c))
                total = total.addingProduct(load(zGradient, j * width + c), load(vectors(i), c))
            }
            output[index] += total.sum()
        }
    }

    // MARK: - Pieces

    @inline(__always)
    private func forEachPair(_ body: (_ index: Int, _ i: Int, _ j: Int) -> Void) {
        var index = 0
        for i in 0..<n {
            for j in i + 1..<max(n, i + 1) {
                body(index, i, j)
                index += 1
            }
        }
    }

    @inline(__always)
    private func forEachNeighbour(_ node: Int, _ body: (Int) -> Void) {
        var rest = rows[node]
        while rest != 0 {
            body(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }

    private func sumOverNodes(_ values: UnsafeMutablePointer<Float>, into sum: UnsafeMutablePointer<Float>) {
        for c in chunks {
            var total = Lanes.zero
            for i in 0..<n { total += load(values, i * width + c) }
            store(total, sum, c)
        }
    }

    /// 16 entries from c on of start + Σₖ v[k] w[k, :], w by rows: two sums side by side, added in the end.
    @inline(__always)
    private func product(
        _ w: UnsafeMutablePointer<Float>, _ v: UnsafeMutablePointer<Float>, _ c: Int, from start: Lanes
    ) -> Lanes {
        var (even, odd) = (start, Lanes.zero)
        for k in stride(from: 0, to: width, by: 2) {
            even = even.addingProduct(Lanes(repeating: v[k]), load(w, k * width + c))
            odd = odd.addingProduct(Lanes(repeating: v[k + 1]), load(w, (k + 1) * width + c))
        }
        return even + odd
    }

    @inline(__always)
    private func swish(_ z: Lanes) -> Lanes { z / (1 + VectorMath.exponential(-z)) }

    /// σ + z σ(1 − σ)
    @inline(__always)
    private func swishSlope(_ z: Lanes) -> Lanes {
        let s = 1 / (1 + VectorMath.exponential(-z))
        return s.addingProduct(z * s, 1 - s)
    }

    @inline(__always)
    private func load(_ address: UnsafeMutablePointer<Float>, _ index: Int) -> Lanes {
        UnsafeRawPointer(address + index).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    private func store(_ value: Lanes, _ address: UnsafeMutablePointer<Float>, _ index: Int) {
        UnsafeMutableRawPointer(address + index).storeBytes(of: value, as: Lanes.self)
    }

    @inline(__always)
    private func add(_ value: Lanes, to address: UnsafeMutablePointer<Float>, _ index: Int) {
        store(load(address, index) + value, address, index)
    }
}
