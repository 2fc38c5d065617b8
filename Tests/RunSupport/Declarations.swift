import Experiments

/// Reads everything that a replication declares beside its code; throws the first fault of it, such as a key of the
/// configuration whose meaning is not said.
package func readDeclarations<R: Replication>(of replication: R) throws {
    let declarations = replication.declarations
    _ = try replication.shows()
    _ = try ExpectedValue.read(
        declarations.expected, place: "expected.yaml", vocabulary: try replication.vocabulary())
    let profiles = try Profiles(declarations.profiles, place: "profiles.yaml")
    for (profile, _) in profiles.summaries { _ = try profiles.table(R.Configuration.self, profile: profile) }
}
