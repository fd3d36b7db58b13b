internal import Kernels

/// A few rows of many, so that none of the many is far from the nearest of the few.
///
/// - Source: Gonzalez, Clustering to minimize the maximum intercluster distance, Theoretical Computer Science 38 (1985).
enum Coreset {
    /// Each next row is the one farthest from all before; equal rows are taken once.
    ///
    /// - Parameter candidates: [row][channel], 1 row at least. The first one is taken first.
    /// - Returns: which of them.
    static func rows(of candidates: [Int8], channels: Int, count: Int, kernels: ByteKernels) -> [Int] {
        var chosen: [Int] = []
        chosen.reserveCapacity(count)
        var distances = [Int32](repeating: .max, count: candidates.count / channels)
        var next = 0
        for _ in 0..<min(count, distances.count) {
            let row = Array(candidates[next * channels..<(next + 1) * channels])
            chosen.append(next)
            let toRow = PreparedMemory(row, channels: channels, kernels: kernels).distances(of: candidates)
            var farthest: Int32 = 0
            for index in distances.indices {
                let distance = min(distances[index], toRow[index])
                distances[index] = distance
                if distance > farthest {
                    farthest = distance
                    next = index
                }
            }
            guard farthest > 0 else { break }
        }
        return chosen
    }
}
