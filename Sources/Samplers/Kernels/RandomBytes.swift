import Torch

/// Draws and stores the random byte that each heat-bath update begins with, and does nothing else: what the kernel
/// would take if the rest were free. For benchmarks.
package func drawRandomBytes(updates: Int, chains: Int) {
    let blocks = (chains + HeatBathBlock.lanes - 1) / HeatBathBlock.lanes
    let ring = 128
    var bytes = [SIMD64<UInt8>](repeating: .zero, count: blocks * ring)
    bytes.withUnsafeMutableBufferPointer { bytes in
        let bytes = bytes.baseAddress!
        parallelFor(blocks) { _, range in
            for b in range {
                let words = (0..<HeatBathBlock.generatorWords).map { splitmix(UInt64(b), $0) }
                var block = HeatBathBlock(spins: bytes + b * ring, chains: HeatBathBlock.lanes, words: words)
                for update in 0..<updates { block.storeRandomBytes(at: update % ring) }
            }
        }
    }
}
