/// A source of claims, as `claims.yaml` names it.
struct Paper: Sendable {
    /// The name in `source:`.
    let source: String
    let title: String
    let authors: String
    /// Where it was published, and when.
    let published: String

    /// The sources that the suite's claims have, in the order of the index; others follow under their names.
    static let known = [
        Paper(
            source: "Liu et al. 2023",
            title: "Gradient-Guided Importance Sampling for Learning Binary Energy-Based Models",
            authors: "Meng Liu, Haoran Liu, Shuiwang Ji", published: "ICLR 2023"),
        Paper(
            source: "2022 submission",
            title: "Gradient-Guided Importance Sampling for Learning Discrete Energy-Based Models",
            authors: "the same, an earlier text with its tables", published: "submitted to ICLR 2022"),
        Paper(
            source: "Ou 2021", title: "Gradient Guided Ratio Matching", authors: "Zijing Ou", published: "note, 2021"),
        Paper(
            source: "Xu 2022", title: "Self-Adapting Noise-Contrastive Estimation for Energy-Based Models",
            authors: "Nathaniel Xu", published: "thesis, Tsinghua University, 2022"),
        Paper(
            source: "Jin", title: "Notes on training energy-based models", authors: "Jin", published: "lecture notes"),
        Paper(source: "Dai 2023", title: "Lecture 10: EBM", authors: "Dai", published: "lecture notes, 2023"),
    ]
}
