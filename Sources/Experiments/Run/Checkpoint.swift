import Foundation
import HDF5

/// All that a cell needs to go on as if it had not stopped: parameters, optimizer moments, generators, buffers.
///
/// ```swift
/// var checkpoint = Checkpoint()
/// checkpoint["weights"] = HDF5Array(weights, shape: [256, 32])
/// checkpoint.attributes["generator"] = "mt19937"
/// ```
public struct Checkpoint: Sendable, Equatable {
    /// The iterations done; set by the harness.
    public internal(set) var iteration = 0
    /// Further facts, each at most 60,000 bytes.
    public var attributes: [String: String] = [:]
    /// Where the checkpoint was read; for messages.
    var path = ""
    private var arrays: [String: HDF5Array] = [:]
    var metricsOffset = 0

    public init() {}

    /// An array by name; names hold no "/".
    public subscript(name: String) -> HDF5Array? {
        get { arrays[name] }
        set { arrays[name] = newValue }
    }

    /// The names of the arrays, sorted.
    public var names: [String] { arrays.keys.sorted() }

    /// The elements of an array that must be there, of this type and shape; throws `RunError` naming the file
    /// otherwise.
    public func elements<Element: HDF5Element>(
        _ name: String, as type: Element.Type = Element.self, shape: [Int]? = nil
    ) throws -> [Element] {
        guard let array = arrays[name] else { throw RunError("\(path): has no array '\(name)'") }
        guard let elements = array.elements(as: type) else {
            let (theirs, ours) = (array.elementType.rawValue, type.elementType.rawValue)
            throw RunError("\(path): array '\(name)' holds \(theirs), this run computes in \(ours)")
        }
        guard shape == nil || shape == array.shape else {
            throw RunError("\(path): array '\(name)' has the shape \(array.shape), this run's has \(shape!)")
        }
        return elements
    }

    /// The numbers of an array, none of them infinite or NaN, which a loop over them would not end with; throws
    /// `RunError` as `elements` does, and where one is.
    public func finiteElements<Element: HDF5Element & BinaryFloatingPoint>(
        _ name: String, as type: Element.Type = Element.self, shape: [Int]? = nil
    ) throws -> [Element] {
        let elements = try elements(name, as: type, shape: shape)
        guard let index = elements.firstIndex(where: { !$0.isFinite }) else { return elements }
        throw RunError("\(path): array '\(name)' holds \(elements[index]) at \(index), expected finite numbers")
    }

    /// The whole number of an array of one, which must lie in a range; throws `RunError` as `elements` does, and where
    /// it does not.
    public func count(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        let count = Int(try elements(name, as: Int64.self, shape: [1])[0])
        guard range.contains(count) else {
            throw RunError(
                "\(path): array '\(name)' holds \(count), expected \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    /// An attribute that must be there; throws `RunError` naming the file otherwise.
    public func attribute(_ name: String) throws -> String {
        guard let value = attributes[name] else { throw RunError("\(path): has no attribute '\(name)'") }
        return value
    }

    /// Whose checkpoint it is: what must be equal for it to be restored.
    struct Owner: Equatable {
        var replication: String
        var cell: String
        var elementType: String
        var seed: UInt64
        var configuration: [String: Value]
    }

    private static let format = "ebm-checkpoint", version = "1", own = "state."

    /// Replaces the checkpoint at `url`, all or nothing.
    func save(to url: URL, owner: Owner) throws {
        let writer = try HDF5Writer()
        let header = [
            "format": Self.format, "formatVersion": Self.version, "replication": owner.replication, "cell": owner.cell,
            "elementType": owner.elementType, "seed": "\(owner.seed)", "iteration": "\(iteration)",
            "metricsOffset": "\(metricsOffset)",
            "configuration": String(decoding: try JSON.encode(owner.configuration, pretty: false), as: UTF8.self),
        ]
        for (name, value) in header.sorted(by: { $0.key < $1.key }) { try writer.setAttribute(name, to: value) }
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            try writer.setAttribute(Self.own + name, to: value)
        }
        for (name, array) in arrays.sorted(by: { $0.key < $1.key }) { try writer.write(array, named: name) }
        do {
            try atomically(replacing: url) { try writer.save(to: $0.path) }
        } catch let error as HDF5Error {
            throw RunError("\(url.path): \(error.reason)")
        }
    }

    /// Reads a checkpoint. Throws `RunError` where it is damaged, carries no checksum and such a one is not accepted,
    /// is no checkpoint, or of another format version, replication, cell, seed, element type or configuration; the
    /// latter with the keys that differ. Without `arrays` only the header is read and checked.
    static func load(
        _ url: URL, owner: Owner, arrays readsArrays: Bool = true, acceptsUnchecked: Bool = false
    ) throws -> Checkpoint {
        do {
            let file = try HDF5File(own: url.path, acceptsUnchecked: acceptsUnchecked)
            let attributes = try file.attributes()
            guard attributes["format"] == Self.format else {
                throw RunError("\(url.path): is an HDF5 file, but no checkpoint of this program")
            }
            guard attributes["formatVersion"] == Self.version else {
                let theirs = attributes["formatVersion"] ?? "unknown"
                throw RunError("\(url.path): has format version \(theirs), this program reads \(Self.version)")
            }
            func check(_ key: String, _ what: String, _ ours: String) throws {
                let theirs = attributes[key] ?? "unknown"
                guard theirs == ours else {
                    throw RunError("\(url.path): is of \(what) \(theirs), this run's is \(ours)", cure: foreignCure)
                }
            }
            try check("replication", "replication", owner.replication)
            try check("cell", "cell", owner.cell)
            try check("elementType", "element type", owner.elementType)
            try check("seed", "seed", "\(owner.seed)")
            let theirs = try? JSONDecoder().decode(
                [String: Value].self, from: Data((attributes["configuration"] ?? "").utf8))
            guard let theirs, let iteration = attributes["iteration"].flatMap({ Int($0) }), 0...1 << 48 ~= iteration,
                let offset = attributes["metricsOffset"].flatMap({ Int($0) }), 0...1 << 48 ~= offset
            else { throw RunError("\(url.path): is damaged: its header cannot be read") }
            let differing = differences(theirs, owner.configuration)
            guard differing.isEmpty else {
                throw RunError(
                    "\(url.path): is of another configuration: \(differing.joined(separator: "; "))", cure: foreignCure)
            }

            var checkpoint = Checkpoint()
            checkpoint.path = url.path
            checkpoint.iteration = iteration
            checkpoint.metricsOffset = offset
            for (name, value) in attributes where name.hasPrefix(Self.own) {
                checkpoint.attributes[String(name.dropFirst(Self.own.count))] = value
            }
            if readsArrays { for name in try file.names() { checkpoint.arrays[name] = try file.read(name) } }
            return checkpoint
        } catch let error as HDF5Error {
            let anew = "remove the file to start the cell from its beginning"
            throw error.lacksChecksum
                ? RunError(
                    error.description,
                    cure: "if you know that it is whole, --accept-unchecked goes on from it; else \(anew)")
                : RunError(error.description, cure: anew)
        }
    }

    private static var foreignCure: String { "give the settings that it was written with, or another --output" }
}

/// What differs between two maps, a sentence a key: "batchSize is 64 there, 128 here".
func differences(_ theirs: [String: Value], _ ours: [String: Value]) -> [String] {
    Set(theirs.keys).union(ours.keys).sorted().compactMap { key in
        guard theirs[key] != ours[key] else { return nil }
        return "\(key) is \(theirs[key]?.description ?? "absent") there, \(ours[key]?.description ?? "absent") here"
    }
}
