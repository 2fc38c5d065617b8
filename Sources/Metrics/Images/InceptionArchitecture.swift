/// The layers of the FID Inception network: Inception v3 (Szegedy et al. 2016) as the model of 2015-12-05 that the
/// metrics were defined on has it, with the names that its public PyTorch port gives them.
package enum InceptionArchitecture {
    /// A convolution without bias, a batch norm, a ReLU.
    struct Layer {
        let name: String
        let inputs: Int
        let outputs: Int
        /// Rows and columns of the kernel.
        let kernel: (rows: Int, columns: Int)
        var stride = 1
        var padding = (rows: 0, columns: 0)
    }

    static let classCount = 1008
    static let featureCount = 2048
    /// Rows and columns of the images that the first layer takes.
    static let side = 299
    /// What the batch norms add to a variance.
    static let epsilon = 1e-3

    private static func square(
        _ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, padding: Int = 0
    ) -> Layer {
        Layer(
            name: name, inputs: inputs, outputs: outputs, kernel: (kernel, kernel), stride: stride,
            padding: (padding, padding))
    }

    /// A kernel of one row or one column, padded so that the size stays.
    private static func row(_ name: String, _ inputs: Int, _ outputs: Int, _ length: Int) -> Layer {
        Layer(name: name, inputs: inputs, outputs: outputs, kernel: (1, length), padding: (0, length / 2))
    }
    private static func column(_ name: String, _ inputs: Int, _ outputs: Int, _ length: Int) -> Layer {
        Layer(name: name, inputs: inputs, outputs: outputs, kernel: (length, 1), padding: (length / 2, 0))
    }

    static let layers: [Layer] = {
        var layers = [
            square("Conv2d_1a_3x3", 3, 32, 3, stride: 2), square("Conv2d_2a_3x3", 32, 32, 3),
            square("Conv2d_2b_3x3", 32, 64, 3, padding: 1), square("Conv2d_3b_1x1", 64, 80, 1),
            square("Conv2d_4a_3x3", 80, 192, 3),
        ]
        // 35 × 35
        for (block, inputs, pool) in [("Mixed_5b", 192, 32), ("Mixed_5c", 256, 64), ("Mixed_5d", 288, 64)] {
            layers += [
                square("\(block).branch1x1", inputs, 64, 1),
                square("\(block).branch5x5_1", inputs, 48, 1), square("\(block).branch5x5_2", 48, 64, 5, padding: 2),
                square("\(block).branch3x3dbl_1", inputs, 64, 1),
                square("\(block).branch3x3dbl_2", 64, 96, 3, padding: 1),
                square("\(block).branch3x3dbl_3", 96, 96, 3, padding: 1),
                square("\(block).branch_pool", inputs, pool, 1),
            ]
        }
        // to 17 × 17
        layers += [
            square("Mixed_6a.branch3x3", 288, 384, 3, stride: 2), square("Mixed_6a.branch3x3dbl_1", 288, 64, 1),
            square("Mixed_6a.branch3x3dbl_2", 64, 96, 3, padding: 1),
            square("Mixed_6a.branch3x3dbl_3", 96, 96, 3, stride: 2),
        ]
        for (block, c) in [("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)] {
            layers += [
                square("\(block).branch1x1", 768, 192, 1),
                square("\(block).branch7x7_1", 768, c, 1), row("\(block).branch7x7_2", c, c, 7),
                column("\(block).branch7x7_3", c, 192, 7),
                square("\(block).branch7x7dbl_1", 768, c, 1), column("\(block).branch7x7dbl_2", c, c, 7),
                row("\(block).branch7x7dbl_3", c, c, 7), column("\(block).branch7x7dbl_4", c, c, 7),
                row("\(block).branch7x7dbl_5", c, 192, 7), square("\(block).branch_pool", 768, 192, 1),
            ]
        }
        // to 8 × 8
        layers += [
            square("Mixed_7a.branch3x3_1", 768, 192, 1), square("Mixed_7a.branch3x3_2", 192, 320, 3, stride: 2),
            square("Mixed_7a.branch7x7x3_1", 768, 192, 1), row("Mixed_7a.branch7x7x3_2", 192, 192, 7),
            column("Mixed_7a.branch7x7x3_3", 192, 192, 7), square("Mixed_7a.branch7x7x3_4", 192, 192, 3, stride: 2),
        ]
        for (block, inputs) in [("Mixed_7b", 1280), ("Mixed_7c", 2048)] {
            layers += [
                square("\(block).branch1x1", inputs, 320, 1), square("\(block).branch3x3_1", inputs, 384, 1),
                row("\(block).branch3x3_2a", 384, 384, 3), column("\(block).branch3x3_2b", 384, 384, 3),
                square("\(block).branch3x3dbl_1", inputs, 448, 1),
                square("\(block).branch3x3dbl_2", 448, 384, 3, padding: 1),
                row("\(block).branch3x3dbl_3a", 384, 384, 3), column("\(block).branch3x3dbl_3b", 384, 384, 3),
                square("\(block).branch_pool", inputs, 192, 1),
            ]
        }
        return layers
    }()

    /// The shapes of all weights, by the names of the port's state dictionary.
    package static let shapes: [String: [Int]] = {
        var shapes = ["fc.weight": [classCount, featureCount], "fc.bias": [classCount]]
        for layer in layers {
            shapes["\(layer.name).conv.weight"] = [
                layer.outputs, layer.inputs, layer.kernel.rows, layer.kernel.columns,
            ]
            for part in ["weight", "bias", "running_mean", "running_var"] {
                shapes["\(layer.name).bn.\(part)"] = [layer.outputs]
            }
        }
        return shapes
    }()
}
