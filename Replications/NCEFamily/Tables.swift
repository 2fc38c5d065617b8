import ReplicationShared
import Experiments
import Foundation

extension NCEFamily {
    static func tables(_ records: [CellRecord]) -> PartTables<Part> { PartTables(records) { table(of: $0, $1) } }

    /// The first part that was run; the others stand in files of their own.
    public func table(_ records: [CellRecord]) -> Table { Self.tables(records).first }

    /// A row a setting, means ± standard deviations over seeds.
    private static func table(of part: Part, _ records: [CellRecord]) -> Table {
        switch part {
        case .claims:
            return Table(
                columns: [
                    "target", "method", "learns log Z, by the thesis", "log ∫ exp(−E − c)", "KL(p‖p_θ)", "median KL",
                    "greatest KL", "KL(p‖Gaussian)",
                    "worse than that", "diverged", "ms/update",
                ],
                rows: records.grouped(by: ["target", "method"]).map { group in
                    let divergences = group.records.compactMap { $0.values["KL"] }.sorted()
                    func spread(_ name: String) -> String {
                        meanAndSpread(group.records.compactMap { $0.values[name] })
                    }
                    func number(_ value: Double?) -> String { value.map { String(format: "%.3g", $0) } ?? "–" }
                    let worse = group.records.filter {
                        ($0.values["KL"] ?? 0) > ($0.values["KL@gaussian"] ?? .infinity)
                    }.count
                    return group.labels + [
                        Method(rawValue: group.labels[1])!.isSelfNormalizing ? "yes" : "no", spread("logMass"),
                        spread("KL"),
                        number(divergences.isEmpty ? nil : median(divergences)), number(divergences.last),
                        spread("KL@gaussian"),
                        "\(worse) of \(group.records.count)", diverged(group),
                        meanAndSpread(group.records.compactMap(milliseconds)),
                    ]
                },
                notes: [
                    "By quadrature on the target's box. c is the learnt normaliser, 0 where the method learns none; log ∫ exp(−E − c) is 0 for a "
                        + "normalised density. The Gaussian of the data's mean and covariance is the fixed noise. Diverged: left the finite numbers."
                ])
        case .dimension:
            return Table(
                columns: [
                    "d", "method", "KL(p‖p_θ)", "its error", "KL(p‖Gaussian)", "log ∫ exp(−E − c)", "error of log Z",
                    "effective chains",
                    "KL by quadrature", "diverged", "ms/update",
                ],
                rows: records.rows(
                    by: ["d", "method"],
                    ["KL", "KL's error", "KL@gaussian", "logMass", "logZ's error", "effectiveChains", "KL@quadrature"]
                ) { [diverged($0), meanAndSpread($0.records.compactMap(milliseconds))] },
                notes: [
                    "KL in nats, by held-out draws and annealed importance sampling; errors are standard errors. The Gaussian of the data's mean and "
                        + "covariance is the fixed noise."
                ])
        case .noise:
            return Table(
                columns: [
                    "target", "shift", "scale", "JS(data, noise)", "KL(p‖p_θ)", "TV", "log ∫ exp(−E − c)",
                    "mass outside", "diverged",
                ],
                rows: records.rows(by: ["target", "shift", "scale"], ["JS", "KL", "TV", "logMass", "massOutside"]) {
                    [diverged($0)]
                },
                notes: ["Shift in deviations of the data. JS in nats, at most log 2 = 0.693."])
        case .bandwidth:
            return Table(
                columns: ["target", "σ", "‖E g‖", "(tr Cov g)^½", "signal to noise", "KL(p‖p_θ)", "TV", "diverged"],
                rows: records.rows(
                    by: ["target", "sigma"], ["gradient", "gradient's deviation", "signal to noise", "KL", "TV"]
                ) { [diverged($0)] },
                notes: ["σ in deviations of the data. g: of one batch, before training."])
        case .discriminator:
            return Table(
                columns: [
                    "target", "shift", "form", "JS(data, noise)", "JS by the learnt loss", "loss above the least",
                    "logit's error on data",
                    "logit's error on noise", "diverged",
                ],
                rows: records.rows(
                    by: ["target", "shift", "form"],
                    ["JS", "JS by the loss", "excess", "logit's error on data", "logit's error on noise"]
                ) { [diverged($0)] },
                notes: [
                    "By quadrature, in nats. The loss is ½ of the two cross-entropies: log 2 − JS at its least. Errors are root mean squares."
                ])
        case .sampling:
            return Table(
                columns: [
                    "draws", "Ψ", "K", "KL(p‖p_θ)", "W₁ of draws", "of data", "variance of the ratio", "‖g*‖²",
                    "tr Cov g/‖g*‖²",
                    "the same, m = θ", "‖E g − g*‖²/‖g*‖²", "cosine", "diverged",
                ],
                rows: records.rows(
                    by: ["draws", "psi", "K"],
                    [
                        "KL", "W1", "W1@data", "ratio variance", "signal", "noise to signal", "noise to signal@fresh",
                        "bias to signal", "cosine",
                    ]
                ) { [diverged($0)] },
                notes: [
                    "W₁: sliced, of 2,000 draws made as in training and of as many data, and of two sets of data. "
                        + "Gradients at the last update of an interval near half of the training, g of one batch, g* exact; m = θ: with the model itself as "
                        + "noise and exact draws; cosine: between g* and that one's."
                ])
        case .stein:
            return Table(
                columns: [
                    "target", "n", "shift", "tests", "rejected at 0.05", "its error", "rejected at 0.10", "its error",
                ],
                rows: records.rows(by: ["target", "n", "shift"], []) { group in
                    [String(format: "%.0f", group.records.compactMap { $0.values["tests"] }.reduce(0, +))]
                        + ["rejected@0.05", "rejected@0.05's error", "rejected@0.10", "rejected@0.10's error"].map {
                            name in
                            meanAndSpread(group.records.compactMap { $0.values[name] })
                        }
                },
                notes: [
                    "Shift in deviations of a component: at 0 it is the level, else the power. Errors are the binomial's."
                ])
        }
    }

    /// How many seeds of a group left the finite numbers, of how many, and where.
    private static func diverged(_ group: CellGroup) -> String {
        let places = group.records.compactMap { record in
            if case .diverged(let quantity, let iteration) = record.status {
                return "\(quantity) at iteration \(iteration)"
            }
            return nil
        }
        return "\(places.count) of \(group.records.count)"
            + (places.isEmpty ? "" : ": " + places.joined(separator: "; "))
    }

    private static func milliseconds(_ record: CellRecord) -> Double? {
        record.timing?.secondsPerIteration.map { 1000 * $0 }
    }

    /// Of numbers in rising order, at least one.
    private static func median(_ sorted: [Double]) -> Double {
        0.5 * (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2])
    }
}
