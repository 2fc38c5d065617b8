import HDF5
import Torch

// What training loops keep between iterations, as arrays of a checkpoint; restoring checks shapes and element types.

extension HDF5Array {
    /// A float32 or float64 tensor's elements.
    public init(_ tensor: Tensor) {
        switch tensor.dtype {
        case .float32: self.init(tensor.array(Float.self), shape: tensor.shape)
        case .float64: self.init(tensor.array(Double.self), shape: tensor.shape)
        default: preconditionFailure("checkpoints hold floating-point tensors, not \(tensor.dtype)")
        }
    }
}

extension Checkpoint {
    /// A floating-point tensor of that shape and type. Throws `RunError` where it is not there or another.
    public func tensor(_ name: String, like other: Tensor) throws -> Tensor {
        let tensor =
            other.dtype == .float64
            ? Tensor(try elements(name, as: Double.self, shape: other.shape), shape: other.shape)
            : Tensor(try elements(name, as: Float.self, shape: other.shape), shape: other.shape)
        return tensor.moved(to: other.device)
    }

    /// Bits that chains stand at, zeros and ones of that shape. Throws `RunError` where they are not there or others.
    public func bits(_ name: String, like other: Tensor) throws -> Tensor {
        let bits = try tensor(name, like: other)
        guard (bits * (bits - 1) .== 0).all() else {
            throw RunError("\(path): array '\(name)' holds other numbers than 0 and 1")
        }
        return bits
    }

    /// Stores every parameter under `parameter.<name>`.
    public mutating func store(_ parameters: Parameters) {
        for (name, tensor) in parameters { self["parameter.\(name)"] = HDF5Array(tensor) }
    }

    /// Gives every parameter its stored numbers, all or, where it throws `RunError`, none.
    public func restore(_ parameters: Parameters) throws {
        parameters.assign(
            Parameters(try parameters.map { ($0.name, try tensor("parameter.\($0.name)", like: $0.tensor)) }))
    }

    /// Stores an optimizer's moments and number of updates.
    public mutating func store(_ adam: Adam) {
        for (index, name) in adam.parameters.names.enumerated() {
            self["adam.first.\(name)"] = HDF5Array(adam.firstMoments[index])
            self["adam.second.\(name)"] = HDF5Array(adam.secondMoments[index])
        }
        self["adam.updates"] = HDF5Array([Int64(adam.updates)], shape: [1])
    }

    /// Gives an optimizer its stored moments. Throws `RunError` where they are not there or of other shapes, or it had
    /// made fewer than 0 updates.
    public func restore(_ adam: Adam) throws {
        let names = adam.parameters.names
        adam.restore(
            firstMoments: try zip(names, adam.firstMoments).map { try tensor("adam.first.\($0)", like: $1) },
            secondMoments: try zip(names, adam.secondMoments).map { try tensor("adam.second.\($0)", like: $1) },
            updates: try count("adam.updates", in: 0...Int.max))
    }

    /// Stores a generator's state under `generator.<name>`.
    public mutating func store(_ generator: RandomGenerator, named name: String) {
        let state = generator.state
        self["generator.\(name)"] = HDF5Array(state, shape: [state.count])
    }

    /// Gives a generator its stored state. Throws `RunError` where it is not there or no state of such a generator.
    public func restore(_ generator: RandomGenerator, named name: String) throws {
        do { try generator.restore(elements("generator.\(name)", as: UInt8.self)) } catch let error as RandomStateError
        {
            throw RunError("\(path): generator.\(name): \(error)")
        }
    }
}
