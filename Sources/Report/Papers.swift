/// A source of claims, as `claims.yaml` names it.
struct Paper: Sendable {
    /// The name in `source:`.
    let source: String
    let title: String
    let authors: String
    /// Where it was published, and when.
    let published: String
    /// Where it can be read; nil where that is not public.
    var address: String?

    /// The sources that the suite's claims have, in the order of the index; others follow under their names.
    static let known = [
        Paper(
            source: "Liu et al. 2023",
            title: "Gradient-Guided Importance Sampling for Learning Binary Energy-Based Models",
            authors: "Meng Liu, Haoran Liu, Shuiwang Ji", published: "ICLR 2023",
            address: "https://arxiv.org/abs/2210.05782"),
        Paper(
            source: "2022 submission",
            title: "Gradient-Guided Importance Sampling for Learning Discrete Energy-Based Models",
            authors: "Meng Liu, Haoran Liu, Shuiwang Ji", published: "the submission of 2022, with its tables",
            address: "https://openreview.net/forum?id=IEKL-OihqX0"),
        Paper(
            source: "Ou 2021", title: "Gradient Guided Ratio Matching", authors: "Zijing Ou", published: "a note, 2021"),
        Paper(
            source: "Xu 2022", title: "Self-Adapting Noise-Contrastive Estimation for Energy-Based Models",
            authors: "Nathaniel Xu", published: "thesis, Tsinghua University, 2022",
            address: "https://arxiv.org/abs/2211.02650"),
        Paper(
            source: "Jin", title: "Notes on Training of Energy-Based Models", authors: "J. Jin",
            published: "lecture notes"),
        Paper(
            source: "Dai 2023", title: "CSE 6243, Lecture 10: energy-based models", authors: "B. Dai",
            published: "Georgia Tech, 2023"),
    ]
}
