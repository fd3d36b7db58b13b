/// One picture in a few hundred numbers: mean, spread, least and largest of each feature over its cells.
enum PictureDescriptor {
    static func count(channels: Int) -> Int { 4 * channels }

    static func values(of features: FeatureMap) -> [Float] {
        let channels = features.channels
        var sums = [Int](repeating: 0, count: channels)
        var squares = sums
        var least = [Int](repeating: 127, count: channels)
        var most = [Int](repeating: -128, count: channels)
        for cell in 0..<features.places {
            for channel in 0..<channels {
                let value = Int(features.values[cell * channels + channel])
                sums[channel] += value
                squares[channel] += value * value
                least[channel] = min(least[channel], value)
                most[channel] = max(most[channel], value)
            }
        }
        let count = Double(features.places)
        let means = sums.map { Double($0) / count }
        let spreads = (0..<channels).map { channel in
            max(Double(squares[channel]) / count - means[channel] * means[channel], 0).squareRoot()
        }
        return means.map(Float.init) + spreads.map(Float.init) + least.map(Float.init) + most.map(Float.init)
    }
}
