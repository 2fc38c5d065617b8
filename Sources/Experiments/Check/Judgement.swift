import Foundation

/// What comes of a claim on a run, with the evidence.
package struct Judgement: Sendable {
    package let claim: Claim
    package let verdict: Claim.Verdict
    package let evidence: [Evidence]
    /// Why it is not tested; empty where it is.
    package let missing: String

    /// What one part of a claim found.
    package struct Evidence: Sendable {
        package let part: Claim.Part
        package let result: QueryResult
        /// Whether it holds; nil where that is undecided.
        package let holds: Bool?
        /// The interval of 95 % around the mean over seeds, by Student's t; nil for fewer than two seeds.
        package let interval: ClosedRange<Double>?

        init(_ part: Claim.Part, _ result: QueryResult) {
            (self.part, self.result) = (part, result)
            guard let mean = result.value, let error = result.standardError else {
                (interval, holds) = (nil, nil)
                return
            }
            let half = error * Self.studentFactor(result.values.count - 1)
            let interval = mean - half...mean + half
            self.interval = interval
            // Seeds that diverged have no number to be held against a bound.
            let (below, above) = (part.below ?? .infinity, part.above ?? -.infinity)
            if !result.diverged.isEmpty {
                holds = nil
            } else if interval.upperBound < below && interval.lowerBound > above {
                holds = true
            } else {
                holds = interval.lowerBound >= below || interval.upperBound <= above ? false : nil
            }
        }

        /// The number of standard errors that 95 % of a t distribution with so many degrees of freedom lie within.
        package static func studentFactor(_ freedom: Int) -> Double {
            let few = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]
            // Beyond ten within 0.3 %: the expansion of the quantile in 1/ν about the normal's.
            let (z, n) = (1.959964, Double(freedom))
            return freedom <= few.count ? few[freedom - 1] : z + (z * z * z + z) / (4 * n) + 2.8225 / (n * n)
        }

        /// `d = 32: 0.31 ± 0.02, 3 seeds, below 1`.
        package var text: String {
            let end = holds.map { $0 ? "yes" : "no" } ?? "undecided"
            var text = "\(part.setting): \(value) (\(seeds)), \(part.bounds): \(end)"
            if let paper = part.paper {
                text += "; paper \(Self.number(paper))\(distance.isEmpty ? "" : ", \(distance) from it")"
            }
            return text
        }

        /// `0.31 ± 0.02 (3 seeds), to be below 1; paper 0.5`.
        var shortText: String {
            let paper = part.paper.map { "; paper \(Self.number($0))" } ?? ""
            return "\(value) (\(seeds)), to be \(part.bounds)\(paper)"
        }

        /// The mean over seeds, ± their standard deviation.
        package var value: String {
            let mean = result.value.map(Self.number) ?? "nothing measured"
            return mean + (SampleStatistics(result.values)?.standardDeviation.map { " ± \(Self.number($0))" } ?? "")
        }

        /// `3 seeds, 1 diverged`.
        package var seeds: String {
            let count = result.values.count
            let diverged = result.diverged.isEmpty ? "" : ", \(result.diverged.count) diverged"
            return "\(count) seed\(count == 1 ? "" : "s")\(diverged)"
        }

        package static func number(_ value: Double) -> String { String(format: "%.3g", value) }

        /// How many standard deviations over seeds our mean is from the paper's number, `+1.2 s.d.`; empty where the
        /// paper prints none or there is no spread.
        package var distance: String {
            guard let paper = part.paper, let mean = result.value,
                let spread = SampleStatistics(result.values)?.standardDeviation, spread > 0
            else { return "" }
            return String(format: "%+.1f s.d.", (mean - paper) / spread)
        }
    }

    /// Judges a claim by a run's measurements, times among them.
    ///
    /// - Throws: `RunError` where a query asks what the run has not.
    package init(_ claim: Claim, _ measurements: Measurements, place: String) throws {
        self.init(
            claim,
            try claim.parts.map { part in
                let place = "\(place), claim '\(claim.name)', \(part.setting)"
                return Evidence(part, try part.query.answer(measurements, place: place))
            })
    }

    /// Judges a claim by those of its parts that measurements have a number for; nil where they have none.
    package init?(_ claim: Claim, ofPartOf measurements: Measurements) {
        let evidence = claim.parts.compactMap { part -> Evidence? in
            // Other settings than the claim's may leave a query more than one answer: it is then not this run's to judge.
            guard let result = try? part.query.answer(measurements, isPartial: true, place: "") else { return nil }
            return result.values.isEmpty ? nil : Evidence(part, result)
        }
        guard !evidence.isEmpty else { return nil }
        self.init(claim, evidence)
    }

    private init(_ claim: Claim, _ evidence: [Evidence]) {
        (self.claim, self.evidence, missing) = (claim, evidence, "")
        let outcomes = evidence.map(\.holds)
        verdict =
            switch (outcomes.contains(true), outcomes.contains(false), outcomes.contains(nil)) {
            case (true, true, _): .holdsInPart
            case (_, _, true): .undecided
            case (true, false, false): .holds
            default: .doesNotHold
            }
    }

    /// The evidence in a line: numbers of one setting or two, the least and the greatest of more; what is missing where
    /// it is not tested.
    package var shortEvidence: String {
        guard missing.isEmpty else { return "missing: \(missing)" }
        guard evidence.count > 2 else {
            return evidence.map { evidence.count == 1 ? $0.shortText : "\($0.part.setting): \($0.shortText)" }
                .joined(separator: "; ")
        }
        func range(_ values: [Double]) -> String? {
            guard let least = values.min(), let most = values.max() else { return nil }
            let (low, high) = (Evidence.number(least), Evidence.number(most))
            return low == high ? low : "\(low) to \(high)"
        }
        var text = "in \(evidence.count { $0.holds == true }) of \(evidence.count) settings"
        let undecided = evidence.count { $0.holds == nil }
        if undecided > 0 { text += ", undecided in \(undecided)" }
        if let ours = range(evidence.compactMap(\.result.value)) { text += ": \(ours)" }
        let bounds = Set(evidence.map(\.part.bounds))
        if bounds.count == 1 { text += ", to be \(bounds.first!)" }
        if let paper = range(evidence.compactMap(\.part.paper)) { text += "; paper \(paper)" }
        return text
    }

    /// A claim that is not tested, and why.
    package init(_ claim: Claim, missing: String) {
        (self.claim, verdict, evidence, self.missing) = (claim, .notTested, [], missing)
    }
}

extension Replication {
    /// What the papers state of what it recreates. Throws `RunError` for the first fault of `claims.yaml`.
    package func claims() throws -> [Claim] {
        try Claim.read(declarations.claims, place: "\(name)/claims.yaml", vocabulary: vocabulary())
    }

    /// Judges every claim by the runs in `results`, a folder with one for each replication; one whose run is not there is
    /// not tested. Throws `RunError` where a run is damaged, or a query asks what it has not.
    package func judgements(results: URL) throws -> [Judgement] {
        var known: [String: Measurements] = [:]
        return try claims().map { claim in
            guard let run = claim.run else { return Judgement(claim, missing: claim.missing ?? "") }
            let folder = RunFolder(results.appendingPathComponent("\(name)/\(run)"))
            guard FileManager.default.fileExists(atPath: folder.record.path) else {
                return Judgement(claim, missing: "\(folder.url.path) is not here")
            }
            if known[run] == nil { known[run] = Measurements(try Plan(self, of: folder).records().withTimes) }
            guard !known[run]!.rows.isEmpty else {
                return Judgement(claim, missing: "no cell of \(folder.url.path) has ended")
            }
            return try Judgement(claim, known[run]!, place: "\(name)/claims.yaml")
        }
    }
}

extension [CellRecord] {
    /// The measurements of the cells, their times among them.
    var withTimes: [Measurement] { flatMap { $0.measurements + ($0.timing?.measurements(of: $0.cell) ?? []) } }
}
