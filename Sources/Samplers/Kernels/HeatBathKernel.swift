import EnergyModels

/// Sixty-four chains side by side: their spins, 64 bytes a site, each 0xFF for up and 0 for down, and their generators.
struct HeatBathBlock {
    typealias Bytes = SIMD64<UInt8>

    static let lanes = Bytes.scalarCount
    /// Words of generator state: eight generators in step for the lanes, one more for what is drawn for one lane or for
    /// all.
    static let generatorWords = 36

    let spins: UnsafeMutablePointer<Bytes>
    /// How many of the 64 are in use. The others move too, but draw nothing from the generator that all share, and do
    /// not count.
    let chains: Int
    var lanes: XoshiroLanes
    var single: Xoshiro

    /// - Parameter words: `generatorWords` of them.
    init(spins: UnsafeMutablePointer<Bytes>, chains: Int, words: UnsafePointer<UInt64>) {
        (self.spins, self.chains) = (spins, chains)
        let vectors = UnsafeRawPointer(words)
        func vector(_ n: Int) -> SIMD8<UInt64> { vectors.loadUnaligned(fromByteOffset: 64 * n, as: SIMD8<UInt64>.self) }
        lanes = XoshiroLanes(s0: vector(0), s1: vector(1), s2: vector(2), s3: vector(3))
        single = Xoshiro(s0: words[32], s1: words[33], s2: words[34], s3: words[35])
    }

    func saveGenerators(to words: UnsafeMutablePointer<UInt64>) {
        let vectors = UnsafeMutableRawPointer(words)
        for (n, state) in [lanes.s0, lanes.s1, lanes.s2, lanes.s3].enumerated() {
            vectors.storeBytes(of: state, toByteOffset: 64 * n, as: SIMD8<UInt64>.self)
        }
        (words[32], words[33], words[34], words[35]) = (single.s0, single.s1, single.s2, single.s3)
    }

    /// Whether one of a block's generators is all zeros, which xoshiro never leaves; words of any number of blocks.
    static func hasZeroGenerator(_ words: [UInt64]) -> Bool {
        stride(from: 0, to: words.count, by: generatorWords).contains { block in
            (0..<8).contains { lane in (0..<4).allSatisfy { words[block + 8 * $0 + lane] == 0 } }
                || words[block + 32..<block + 36].allSatisfy { $0 == 0 }
        }
    }

    mutating func tossCoins(sites: Int) {
        for site in 0..<sites {
            let random = unsafeBitCast(lanes.next(), to: Bytes.self)
            spins[site] = unsafeBitCast(random .>= 128, to: Bytes.self)
        }
    }

    /// Draws some sites of all 64 chains anew, one site after the other.
    ///
    /// - Parameters:
    ///   - order: the sites in the order of the scan; nil to draw each at random, the same for the 64 chains.
    ///   - position: where in the order to begin.
    ///   - changes: set to the number of spins that changed.
    mutating func update(
        _ tables: HeatBathTables.Pointers, order: UnsafeBufferPointer<Int32>?, from position: Int, count: Int,
        changes: inout Int
    ) {
        var position = position
        var changed = ByteCounter()
        for _ in 0..<count {
            let index: Int
            if let order {
                index = Int(order[position])
                position += 1
                if position == order.count { position = 0 }
            } else {
                index = single.index(below: tables.siteCount)
            }
            let up = draw(tables, tables.sites[index])
            changed.add(unsafeBitCast(up .!= spins[index], to: Bytes.self))
            spins[index] = up
        }
        changes = changed.total(lanes: chains)
    }

    @inline(__always)
    private mutating func draw(_ tables: HeatBathTables.Pointers, _ site: HeatBathTables.Site) -> Bytes {
        let neighbours = tables.neighbours + Int(site.firstNeighbour)
        let table = tables.highBytes + Int(site.firstThreshold)
        // The degrees of the common graphs are written out, so that their loops unroll.
        let threshold: Bytes
        switch (site.form, site.degree) {
        case (.field, _): return drawByField(tables, site)
        case (.count, 4): threshold = counted(neighbours, table, degree: 4)
        case (.count, _): threshold = counted(neighbours, table, degree: Int(site.degree))
        case (.configuration, 2): threshold = among4(neighbours, table)
        case (.configuration, 3): threshold = among8(neighbours, table)
        case (.configuration, 4): threshold = among16(neighbours, table)
        case (.configuration, _): threshold = configured(neighbours, table, degree: Int(site.degree))
        }
        return compare(tables, site, threshold)
    }

    // MARK: - From a table of thresholds

    /// Up where 32 random bits lie below the threshold. Eight bits decide unless they equal the threshold's highest
    /// eight, and only then, for one lane in 256, the other 24 are drawn: the same law.
    @inline(__always)
    private mutating func compare(_ tables: HeatBathTables.Pointers, _ site: HeatBathTables.Site, _ high: Bytes)
        -> Bytes
    {
        let random = unsafeBitCast(lanes.next(), to: Bytes.self)
        let up = unsafeBitCast(random .< high, to: Bytes.self)
        let ties = unsafeBitCast(random .== high, to: SIMD8<UInt64>.self)
        let folded = ties.lowHalf | ties.highHalf
        let twice = folded.lowHalf | folded.highHalf
        return twice[0] | twice[1] == 0 ? up : Self.resolve(tables, site, spins, chains, ties, up, &single)
    }

    /// The lanes of `ties` that are in use, by their 24 other bits.
    @inline(never)
    private static func resolve(
        _ tables: HeatBathTables.Pointers, _ site: HeatBathTables.Site, _ spins: UnsafeMutablePointer<Bytes>,
        _ chains: Int, _ ties: SIMD8<UInt64>, _ drawn: Bytes, _ generator: inout Xoshiro
    ) -> Bytes {
        var up = drawn
        for word in 0..<8 {
            var left = ties[word]
            while left != 0 {
                let lane = 8 * word + left.trailingZeroBitCount / 8
                left &= ~(0xFF << UInt64(lane % 8 * 8))
                if lane >= chains { return up }
                var entry = 0
                for k in 0..<Int(site.degree) {
                    let neighbour = Int(tables.neighbours[Int(site.firstNeighbour) + k])
                    let isUp = Int(UnsafeRawPointer(spins + neighbour).load(fromByteOffset: lane, as: UInt8.self) & 1)
                    entry += site.form == .count ? isUp : isUp << k
                }
                let threshold = tables.thresholds[Int(site.firstThreshold) + entry] & 0xFF_FFFF
                up[lane] = UInt32(truncatingIfNeeded: generator.next() >> 40) < threshold ? 0xFF : 0
            }
        }
        return up
    }

    /// The threshold of each chain, by the number of its neighbours that are up.
    @inline(__always)
    private func counted(_ neighbours: UnsafePointer<Int32>, _ table: UnsafePointer<UInt8>, degree: Int) -> Bytes {
        var negativeCount = Bytes(repeating: 0)
        for k in 0..<degree { negativeCount &+= spins[Int(neighbours[k])] }
        var threshold = Bytes(repeating: table[0])
        for k in 1..<degree + 1 {
            let hasCount = unsafeBitCast(negativeCount .== Bytes(repeating: 0 &- UInt8(k)), to: Bytes.self)
            threshold = choose(hasCount, Bytes(repeating: table[k]), threshold)
        }
        return threshold
    }

    /// The threshold of each chain, by the configuration of its neighbours, for degrees up to six.
    @inline(__always)
    private func configured(_ neighbours: UnsafePointer<Int32>, _ table: UnsafePointer<UInt8>, degree: Int) -> Bytes {
        switch degree {
        case 0: Bytes(repeating: table[0])
        case 1: among2(neighbours, table)
        case 2: among4(neighbours, table)
        case 3: among8(neighbours, table)
        case 4: among16(neighbours, table)
        case 5: among32(neighbours, table)
        default: choose(spins[Int(neighbours[5])], among32(neighbours, table + 32), among32(neighbours, table))
        }
    }

    // A table's entry by bits, neighbour k's spin being bit k.

    @inline(__always)
    private func among2(_ neighbours: UnsafePointer<Int32>, _ table: UnsafePointer<UInt8>) -> Bytes {
        choose(spins[Int(neighbours[0])], Bytes(repeating: table[1]), Bytes(repeating: table[0]))
    }

    @inline(__always)
    private func among4(_ neighbours: UnsafePointer<Int32>, _ table: UnsafePointer<UInt8>) -> Bytes {
        choose(spins[Int(neighbours[1])], among2(neighbours, table + 2), among2(neighbours, table))
    }

    @inline(__always)
    private func among8(_ neighbours: UnsafePointer<Int32>, _ table: UnsafePointer<UInt8>) -> Bytes {
        choose(spins[Int(neighbours[2])], among4(neighbours, table + 4), among4(neighbours, table))
    }

    @inline(__always)
    private func among16(_ neighbours: UnsafePointer<Int32>, _ table: UnsafePointer<UInt8>) -> Bytes {
        choose(spins[Int(neighbours[3])], among8(neighbours, table + 8), among8(neighbours, table))
    }

    @inline(__always)
    private func among32(_ neighbours: UnsafePointer<Int32>, _ table: UnsafePointer<UInt8>) -> Bytes {
        choose(spins[Int(neighbours[4])], among16(neighbours, table + 16), among16(neighbours, table))
    }

    /// `set` where the mask's byte is 0xFF, `clear` where it is 0.
    @inline(__always)
    private func choose(_ mask: Bytes, _ set: Bytes, _ clear: Bytes) -> Bytes {
        typealias Words = SIMD8<UInt64>
        let (mask, set) = (unsafeBitCast(mask, to: Words.self), unsafeBitCast(set, to: Words.self))
        let clear = unsafeBitCast(clear, to: Words.self)
        return unsafeBitCast(clear ^ (mask & (set ^ clear)), to: Bytes.self)
    }

    // MARK: - From the local field

    /// Up where u (1 + exp(−2βf)) < 1, u of 24 random bits, in the middle of their interval.
    @inline(__always)
    private mutating func drawByField(_ tables: HeatBathTables.Pointers, _ site: HeatBathTables.Site) -> Bytes {
        typealias Lanes = SIMD16<Float>
        let neighbours = tables.neighbours + Int(site.firstNeighbour)
        let couplings = tables.couplings + Int(site.firstNeighbour)
        var logits = (
            Lanes(repeating: site.base), Lanes(repeating: site.base), Lanes(repeating: site.base),
            Lanes(repeating: site.base)
        )
        for k in 0..<Int(site.degree) {
            let spin = UnsafeRawPointer(spins + Int(neighbours[k]))
            let coupling = SIMD16<Int32>(repeating: Int32(bitPattern: couplings[k].bitPattern))
            @inline(__always)
            func term(_ quarter: Int) -> Lanes {
                let signs = spin.loadUnaligned(fromByteOffset: 16 * quarter, as: SIMD16<Int8>.self)
                return unsafeBitCast(SIMD16<Int32>(truncatingIfNeeded: signs) & coupling, to: Lanes.self)
            }
            logits.0 += term(0)
            logits.1 += term(1)
            logits.2 += term(2)
            logits.3 += term(3)
        }
        let quarters = (accept(logits.0), accept(logits.1), accept(logits.2), accept(logits.3))
        return unsafeBitCast(quarters, to: Bytes.self)
    }

    @inline(__always)
    private mutating func accept(_ logit: SIMD16<Float>) -> SIMD16<UInt8> {
        let random = unsafeBitCast(lanes.next(), to: SIMD16<UInt32>.self) &>> 8
        let u = SIMD16<Float>(unsafeBitCast(random, to: SIMD16<Int32>.self)) * 0x1p-24 + 0x1p-25
        let product = u * (1 + VectorMath.exponential(-logit))
        let up = SIMD16<Int32>(repeating: 0).replacing(with: -1, where: product .< 1)
        return SIMD16<UInt8>(truncatingIfNeeded: up)
    }
}

/// Counts bytes that are 0xFF, for each of 64 lanes: in bytes, carried over to whole numbers before they overflow.
struct ByteCounter {
    private var negative = SIMD64<UInt8>(repeating: 0)
    private var added = 0
    private var totals = SIMD64<UInt64>(repeating: 0)

    @inline(__always)
    mutating func add(_ mask: SIMD64<UInt8>) {
        negative &+= mask
        added += 1
        if added == 255 { carry() }
    }

    mutating func total(lanes: Int) -> Int {
        carry()
        return (0..<lanes).reduce(0) { $0 + Int(totals[$1]) }
    }

    private mutating func carry() {
        for lane in 0..<64 { totals[lane] += UInt64(0 &- negative[lane]) }
        negative = SIMD64(repeating: 0)
        added = 0
    }
}

extension HeatBathTables {
    /// The tables' addresses while they are lent.
    struct Pointers {
        let siteCount: Int
        let sites: UnsafePointer<Site>
        let neighbours: UnsafePointer<Int32>
        let couplings: UnsafePointer<Float>
        let thresholds: UnsafePointer<UInt32>
        let highBytes: UnsafePointer<UInt8>
    }

    func withPointers(_ body: (Pointers) -> Void) {
        sites.withUnsafeBufferPointer { sites in
            neighbours.withUnsafeBufferPointer { neighbours in
                couplings.withUnsafeBufferPointer { couplings in
                    thresholds.withUnsafeBufferPointer { thresholds in
                        highBytes.withUnsafeBufferPointer { highBytes in
                            body(
                                Pointers(
                                    siteCount: sites.count, sites: sites.baseAddress!,
                                    neighbours: neighbours.baseAddress!,
                                    couplings: couplings.baseAddress!, thresholds: thresholds.baseAddress!,
                                    highBytes: highBytes.baseAddress!))
                        }
                    }
                }
            }
        }
    }
}
