/// Community-small: graphs of two communities, as EDP-GNN (Niu et al. 2020) and GDSS (Jo et al. 2022) make them.
///
/// For M uniform on 12 … 20 and k = ⌊M/2⌋ a graph has two communities G(k, 0.7); each pair across is joined with
/// probability 0.1/k; nodes 0 and k are joined where no pair was. There are 100 graphs, the first 20 of them the test
/// graphs.
///
/// In the released generator the communities are seeded by their index, so that **every graph of one size has the same two
/// communities**: half of the set are copies of five graphs. `seededCommunities: false` draws them, as the text of the
/// papers says.
public enum CommunitySmall {
    public static let graphCount = 100
    public static let testCount = 20
    static let insideProbability = 0.7

    /// The set, from NumPy's stream of this seed; the draws for a graph are M, the communities where they are drawn, the
    /// pairs across, row by row.
    public static func graphs(
        seed: UInt32, seededCommunities: Bool = true, count: Int = graphCount
    ) -> [SimpleGraph] {
        var random = NumPyRandomState(seed: seed)
        return (0..<count).map { _ in
            let k = (12 + random.randomInteger(below: 9)) / 2
            let communities = (0..<2).map { index in
                seededCommunities ? community(k, seed: UInt32(index)) : community(k) { random.randomSample() }
            }
            var rows = communities[0] + communities[1].map { $0 << UInt64(k) }
            func join(_ a: Int, _ b: Int) {
                rows[a] |= 1 << UInt64(b)
                rows[b] |= 1 << UInt64(a)
            }
            var isBridged = false
            for a in 0..<k {
                for b in k..<2 * k where random.randomSample() < 0.1 / Double(k) {
                    join(a, b)
                    isBridged = true
                }
            }
            if !isBridged { join(0, k) }
            return SimpleGraph(rows: rows)
        }
    }

    /// The community of k nodes that the released generator makes of a seed: NetworkX's G(k, 0.7) on Python's stream,
    /// which is that of NumPy's generator seeded by an array.
    static func community(_ k: Int, seed: UInt32) -> [UInt64] {
        var random = NumPyRandomState(key: [seed])
        return community(k) { random.randomSample() }
    }

    /// Each pair, row by row, joined where a number uniform on [0, 1) is below 0.7.
    private static func community(_ k: Int, uniform: () -> Double) -> [UInt64] {
        var rows = [UInt64](repeating: 0, count: k)
        for a in 0..<k {
            for b in a + 1..<max(k, a + 1) where uniform() < insideProbability {
                rows[a] |= 1 << UInt64(b)
                rows[b] |= 1 << UInt64(a)
            }
        }
        return rows
    }
}
