import Torch

/// The energy of a convolutional network: images [batch, channels, height, width] through convolutions, flattened
/// channel by channel, then through fully connected layers to one number. A leaky ReLU follows every layer but the
/// last.
///
///     let model = try ConvNetEnergy(.a.scaled(width: 0.25), using: generator)
///     let noise = model.frozen()                              // its weights are its own
///     let ν = noise.inputGradient(images).norm(1, 2, 3).mean()
///
/// With spectral normalisation (by default of all layers) the weights in use are W/σ: see `SpectralNormalization`.
/// Table 5.1 and section 3.2.2 of Xu 2022; the thesis does not state the leaky slope, 0.2 is ours.
public struct ConvNetEnergy: FreezableEnergyModel {
    struct Layer {
        let name: String
        let weight: Tensor
        let bias: Tensor
        let normalization: SpectralNormalization?
    }

    public let architecture: ConvNetArchitecture
    /// The factor of a leaky ReLU below 0.
    public let leakySlope: Double
    /// In which type frozen copies compute input gradients: float32 or bfloat16 (the points stay float32), or float64
    /// for a model of that type.
    public let samplingType: DType
    let layers: [Layer]

    /// PyTorch's default initialisation, layer by layer; then a vector u for each normalised layer, and 15 power
    /// iterations.
    ///
    /// - Parameters:
    ///   - leakySlope: above 0.
    ///   - normalized: which layers are divided by their spectral norms.
    ///   - samplingType: nil for `dtype`.
    /// - Throws: `ConvNetError` for a slope that is not positive, a layer's name that is none, a sampling type that
    ///   does not go with `dtype`.
    public init(
        _ architecture: ConvNetArchitecture, leakySlope: Double = 0.2, normalized: SpectrallyNormalizedLayers = .all,
        dtype: DType = .float32, samplingType: DType? = nil, using generator: RandomGenerator
    ) throws {
        guard leakySlope > 0, leakySlope.isFinite else {
            throw ConvNetError("leaky slope \(leakySlope): it is a positive number")
        }
        let samplingType = samplingType ?? dtype
        guard samplingType == dtype || (dtype == .float32 && samplingType == .bfloat16) else {
            throw ConvNetError(
                "sampling in \(samplingType) for a model in \(dtype): the same type, or bfloat16 for float32")
        }
        let names = architecture.layerNames
        let normalizedNames: Set<String>
        switch normalized {
        case .all: normalizedNames = Set(names)
        case .none: normalizedNames = []
        case .allBut(let excepted):
            if let unknown = excepted.subtracting(names).min() {
                throw ConvNetError(
                    "no layer '\(unknown)' to leave without normalisation: there are \(names.joined(separator: ", "))")
            }
            normalizedNames = Set(names).subtracting(excepted)
        }
        (self.architecture, self.leakySlope, self.samplingType) = (architecture, leakySlope, samplingType)

        let convolutions = zip(architecture.shapes, architecture.convolutions).map {
            Convolution(inputs: $0[0], outputs: $1.channels, kernel: $1.kernel, dtype: dtype, using: generator)
                .parameters
        }
        let maps = architecture.fullyConnected.map {
            Linear(inputs: $0, outputs: $1, dtype: dtype, using: generator).parameters
        }
        layers = zip(names, convolutions + maps).map { name, parameters in
            let (weight, bias) = (parameters[0].tensor, parameters[1].tensor)
            return Layer(
                name: name, weight: weight, bias: bias,
                normalization: normalizedNames.contains(name)
                    ? SpectralNormalization(of: weight, using: generator) : nil)
        }
    }

    /// `conv1.weight` [out, in, k, k], `conv1.bias`, …, `fc1.weight` [out, in], `fc1.bias`, …: before normalisation.
    public var parameters: Parameters {
        Parameters(layers.flatMap { [("\($0.name).weight", $0.weight), ("\($0.name).bias", $0.bias)] })
    }

    /// `conv1.u`, `conv1.v`, …: the vectors of the power iterations.
    public var state: Parameters {
        Parameters(
            layers.flatMap { layer in
                layer.normalization.map { [("\(layer.name).u", $0.u), ("\(layer.name).v", $0.v)] } ?? []
            })
    }

    /// One power iteration of every normalised layer.
    public func advance() { for layer in layers { layer.normalization?.advance(layer.weight) } }

    /// σ of every normalised layer, in order.
    public var spectralNorms: [(layer: String, norm: Double)] {
        withoutGradients {
            layers.compactMap { layer in layer.normalization.map { (layer.name, $0.norm(layer.weight).item()) } }
        }
    }

    /// The weights in use, W/σ, recorded.
    private var weightsInUse: [Tensor] { layers.map { $0.normalization?.normalized($0.weight) ?? $0.weight } }

    public func energy(_ x: Tensor) -> Tensor {
        architecture.energy(x, weights: weightsInUse, biases: layers.map(\.bias), leakySlope: leakySlope)
    }

    public func frozen() -> FrozenConvNetEnergy {
        withoutGradients {
            let weights = zip(layers, weightsInUse).flatMap { layer, weight in
                [
                    ("\(layer.name).weight", weight.detached().copied()),
                    ("\(layer.name).bias", layer.bias.detached().copied()),
                ]
            }
            return frozen(with: Parameters(weights))
        }
    }

    public func frozen(with parameters: Parameters) -> FrozenConvNetEnergy {
        FrozenConvNetEnergy(architecture, leakySlope: leakySlope, parameters: parameters, samplingType: samplingType)
    }
}

extension ConvNetArchitecture {
    /// The network with these weights, in the order of `layerNames`: energies, shape [batch], recorded to second order.
    func energy(_ x: Tensor, weights: [Tensor], biases: [Tensor], leakySlope: Double) -> Tensor {
        checkInput(x)
        var h = x.channelsLast()
        for (index, layer) in convolutions.enumerated() {
            if coversItsInput(index) {
                // As a product of matrices: libtorch's convolution is ten times slower here.
                h = h.contiguous().reshaped([h.size(0), -1]).linear(
                    weights[index].reshaped([layer.channels, -1]), biases[index]
                )
                .unsqueezed(2).unsqueezed(3)
            } else {
                h = h.conv2d(weights[index], bias: biases[index], stride: layer.stride, padding: layer.padding)
            }
            h = h.leakyReLU(slope: leakySlope)
        }
        h = h.contiguous().reshaped([h.size(0), -1])
        for index in convolutions.count..<weights.count {
            h = h.linear(weights[index], biases[index])
            if index + 1 < weights.count { h = h.leakyReLU(slope: leakySlope) }
        }
        return h.squeezed(1)
    }

    func checkInput(_ x: Tensor) {
        require(
            x.rank == 4 && Array(x.shape.dropFirst()) == inputShape,
            "images of shape \(x.shape) for a network on [batch, \(inputShape)]")
    }
}
