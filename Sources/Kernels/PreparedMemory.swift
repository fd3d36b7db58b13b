internal import CKernels

/// Rows of int8 features that are known, and how far others are from the nearest of them.
///
/// - Quantization: squared distances of int8 by int8 in exact 32-bit sums; the same on every instruction set.
package struct PreparedMemory: Sendable {
    /// Bytes of a row: a multiple of 4, at most ``maximumChannels``.
    package let channels: Int
    package let rows: Int
    /// A squared distance is at most 2^14 * 255^2, within 2^30.
    package static let maximumChannels = 16_384

    private let packed: [Int8]
    private let norms: [Int32]
    private let kernel: Int

    /// - Parameter rows: [row][channel], 1 row at least.
    package init(_ rows: [Int8], channels: Int, kernels: ByteKernels) {
        precondition(channels > 0 && channels % 4 == 0 && channels <= Self.maximumChannels)
        precondition(!rows.isEmpty && rows.count % channels == 0)
        self.channels = channels
        self.rows = rows.count / channels
        kernel = kernels.distance
        packed = ConvolutionKernel.pack(rows, channels: self.rows, segments: 1, segmentLength: channels)
        var entries = 0
        let offset = mw_s8_distance_kernels(&entries)?[kernel].input_offset ?? 0
        let (count, padded) = (self.rows, (self.rows + 15) / 16 * 16)
        norms = [Int32](unsafeUninitializedCapacity: padded) { norms, initialized in
            // SAFETY: fold reads the rows that there are and writes each of the `padded` norms.
            if let norms = norms.baseAddress {
                mw_s8_distance_fold(count, channels, rows, offset, norms)
                initialized = padded
            }
        }
    }

    /// The squared distance of each position to the nearest row.
    ///
    /// - Parameter features: [position][channel].
    // SAFETY: the kernel reads positions * channels features and writes as many distances as there are positions.
    package func distances(of features: [Int8]) -> [Int32] {
        precondition(features.count % channels == 0)
        let positions = features.count / channels
        return packed.withUnsafeBufferPointer { packed in
            norms.withUnsafeBufferPointer { norms in
                [Int32](unsafeUninitializedCapacity: positions) { distances, initialized in
                    var memory = mw_s8_memory(
                        channels: channels, rows: rows, memory: packed.baseAddress, norms: norms.baseAddress)
                    var entries = 0
                    guard positions > 0, let to = distances.baseAddress, let table = mw_s8_distance_kernels(&entries)
                    else { return }
                    table[kernel].run(&memory, positions, features, to)
                    initialized = positions
                }
            }
        }
    }
}
