import HDF5
import Torch

/// Something that a training loop keeps in checkpoints: how it is stored, and how it gets its stored state back.
///
/// ```swift
/// try context.train(
///     configuration.iterations, keeping: [.parameters(model.parameters), .optimizer(adam), .generator(flips, "flips")]
/// ) { iteration in … }
/// ```
public struct Kept {
    let store: (inout Checkpoint) throws -> Void
    let restore: (Checkpoint) throws -> Void

    /// - Parameters:
    ///   - store: stores the state that the next iteration depends on.
    ///   - restore: takes it back; throws `RunError` where it is not there or does not fit.
    public init(
        store: @escaping (inout Checkpoint) throws -> Void, restore: @escaping (Checkpoint) throws -> Void
    ) {
        (self.store, self.restore) = (store, restore)
    }

    /// Tensors by name, changed in place.
    public static func parameters(_ parameters: Parameters) -> Kept {
        Kept(store: { $0.store(parameters) }, restore: { try $0.restore(parameters) })
    }

    /// An optimizer's moments and number of updates.
    public static func optimizer(_ adam: Adam) -> Kept {
        Kept(store: { $0.store(adam) }, restore: { try $0.restore(adam) })
    }

    /// A generator's state.
    public static func generator(_ generator: RandomGenerator, _ name: String) -> Kept {
        Kept(store: { $0.store(generator, named: name) }, restore: { try $0.restore(generator, named: name) })
    }
}

extension CellContext {
    /// Runs the iterations that are left of `total`, from what the checkpoint has of `kept`; then goes through `body`,
    /// ends the iteration and checkpoints `kept` where that is due.
    ///
    /// A quantity that leaves the finite numbers in `body` ends the cell as diverged at that iteration.
    public func train(_ total: Int, keeping kept: [Kept], _ body: (_ iteration: Int) throws -> Void) throws {
        if let restored { for one in kept { try one.restore(restored) } }
        for iteration in iterations(of: total) {
            begin(iteration)
            try body(iteration)
            try endIteration(iteration, of: total) { checkpoint in
                for one in kept { try one.store(&checkpoint) }
            }
        }
    }
}
