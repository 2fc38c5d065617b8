import Experiments
import Figures
import Foundation

// What templates show: texts, ready but for the escapes. Fields that end in `HTML` are not escaped again.

/// Not Foundation's, of which this has no use.
typealias Measurement = Experiments.Measurement

/// A verdict as a small label: a word, and a kind that gives it a colour and a sign.
struct Badge: Sendable, Equatable {
    let word: String
    /// `holds`, `part`, `not`, `open` or `untested`.
    let kind: String
    /// Stands before the word, so that the kind is not told by colour alone.
    let sign: String

    /// - Parameter word: the verdict's own where nil.
    init(_ verdict: Claim.Verdict, word: String? = nil) {
        self.word = word ?? verdict.rawValue
        (kind, sign) =
            switch verdict {
            case .holds: ("holds", "✓")
            case .holdsInPart: ("part", "◐")
            case .doesNotHold: ("not", "✗")
            case .undecided: ("open", "?")
            case .notTested: ("untested", "–")
            }
    }

    init(holds: Bool?) { self.init(holds == nil ? .undecided : holds! ? .holds : .doesNotHold) }
}

/// How many claims have come to what: badges with a count, as `5 hold`.
struct Tally: Sendable {
    let parts: [Badge]

    init(_ verdicts: [Claim.Verdict]) {
        parts = Claim.Verdict.allCases.compactMap { verdict in
            let count = verdicts.count { $0 == verdict }
            guard count > 0 else { return nil }
            let word =
                switch verdict {
                case .holds: count == 1 ? "holds" : "hold"
                case .holdsInPart: count == 1 ? "holds in part" : "hold in part"
                case .doesNotHold: count == 1 ? "does not hold" : "do not hold"
                case .undecided, .notTested: verdict.rawValue
                }
            return Badge(verdict, word: "\(count) \(word)")
        }
    }
}

/// A claim with its verdict and the evidence.
struct ClaimView: Sendable {
    let id: String, claim: String, source: String, place: String, setting: String?, judgedOn: String?, badge: Badge,
        missing: String?
    let evidenceHTML: String?

    init(_ judgement: Judgement, showsRun: Bool = true) {
        let claim = judgement.claim
        id = "claim-" + HTML.identifier(claim.name)
        (self.claim, source, place, setting) = (claim.claim, claim.source, claim.place, claim.setting)
        judgedOn = showsRun && judgement.missing.isEmpty ? claim.run : nil
        badge = Badge(judgement.verdict)
        missing = judgement.missing.isEmpty ? nil : judgement.missing
        evidenceHTML = judgement.evidence.isEmpty ? nil : Self.table(judgement)
    }

    private static func table(_ judgement: Judgement) -> String {
        let hasPaper = judgement.evidence.contains { $0.part.paper != nil }
        let rows = judgement.evidence.map { evidence -> [String] in
            let badge = Badge(holds: evidence.holds)
            return [evidence.part.setting, evidence.value, evidence.seeds, evidence.part.bounds]
                + (hasPaper ? [evidence.paper, evidence.distance] : []) + ["\(badge.sign) \(badge.word)"]
        }
        let columns =
            ["setting", "ours, mean ± s.d.", "over", "holds where"]
            + (hasPaper ? ["paper", "ours from it"] : []) + ["verdict"]
        return HTML.table(
            Table(columns: columns, rows: rows), name: "Evidence: \(judgement.claim.claim)", kind: "evidence")
    }
}

/// A table as it was declared.
struct TableView: Sendable {
    let id: String, title: String, tableHTML: String, notes: [String], file: String?

    static func id(_ name: String) -> String { "table-" + HTML.identifier(name) }

    init(_ declaration: TableDeclaration, _ table: Table, file: String?) {
        id = Self.id(declaration.name)
        title = declaration.title
        tableHTML = HTML.table(table, name: declaration.title)
        notes = table.notes
        self.file = file
    }
}

/// A chart, or a sheet of pictures.
struct FigureView: Sendable {
    struct Link: Sendable {
        let address: String, name: String
    }

    let id: String, caption: String
    var title: String
    var svgHTML: String?
    /// Where the picture is, and its size in pixels.
    var picture: String?
    var width = 0, height = 0
    var alt = ""
    var links: [Link] = []

    init(_ name: String, _ chart: Chart, caption: String = "", links: [Link] = []) {
        id = Self.id(ofChart: name)
        (title, self.caption, self.links) = (chart.title, caption, links)
        svgHTML = chart.svg()
    }

    static func id(ofChart name: String) -> String { "chart-" + HTML.identifier(name) }
    static func id(ofPicture name: String) -> String { "picture-" + HTML.identifier(name) }

    /// nil where the file is no picture that can be read.
    ///
    /// - Parameter address: where the page finds the picture.
    init?(_ name: String, title: String, caption: String, picture file: URL, address: String) {
        guard let image = try? Image(png: file) else { return nil }
        id = Self.id(ofPicture: name)
        (self.title, self.caption) = (title, caption)
        (picture, width, height) = (address, image.width, image.height)
        alt = caption.isEmpty ? title : "\(title). \(caption)"
    }
}

/// A key of the configuration.
struct SettingView: Sendable {
    let key: String, own: String, other: String?, differs: Bool, meaning: String
}

/// The settings of a run beside those of the paper's profile.
struct SettingsView: Sendable {
    let own: String
    /// What the second column is; nil where there is none.
    let other: String?
    let rows: [SettingView]
    let summary: String, isShort: Bool
}

/// Something to type.
struct CommandView: Sendable {
    let command: String, meaning: String
}

/// A line of the record.
struct FactView: Sendable {
    let name: String, value: String
}

extension Judgement.Evidence {
    /// The paper's number; empty where it prints none.
    var paper: String { part.paper.map(Self.number) ?? "" }
}
