import Datasets
import Experiments
import HDF5

extension Checkpoint {
    /// Stores a data stream's state under `numpy.<name>`.
    mutating func store(_ random: NumPyRandomState, named name: String) {
        let state = random.state
        self["numpy.\(name).key"] = HDF5Array(state.key, shape: [state.key.count])
        self["numpy.\(name).position"] = HDF5Array([Int64(state.position), state.hasGaussian ? 1 : 0], shape: [2])
        self["numpy.\(name).gaussian"] = HDF5Array([state.gaussian], shape: [1])
    }

    /// A stored data stream. Throws `RunError` where it is not there, `DatasetError` where it is no such state.
    func numPyRandomState(named name: String) throws -> NumPyRandomState {
        let position = try elements("numpy.\(name).position", as: Int64.self, shape: [2])
        return try NumPyRandomState(
            state: .init(
                key: elements("numpy.\(name).key", as: UInt32.self, shape: [624]), position: Int(position[0]),
                hasGaussian: position[1] != 0,
                gaussian: elements("numpy.\(name).gaussian", as: Double.self, shape: [1])[0]))
    }
}
