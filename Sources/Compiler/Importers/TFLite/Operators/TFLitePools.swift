/// `AVERAGE_POOL_2D`, `MAX_POOL_2D`.
enum TFLitePools {
    static let rules: [String: TFLiteRule] = [
        "AVERAGE_POOL_2D": pool(.average),
        "MAX_POOL_2D": pool(.maximum),
    ]

    /// An average divides by what lies within the image.
    private static func pool(_ kind: Pool.Kind) -> TFLiteRule {
        { (graph: inout TFLiteGraph) throws(ModelError) in
            let options = try graph.options(.pool)
            let x = try graph.real(0, "input")
            let image = try graph.shape(x, rank: 4, "input")
            let kernel = Pair(try options.extent("filter_height", 4), try options.extent("filter_width", 3))
            var operation = Pool(kind, kernel: kernel)
            operation.strides = try options.pair("stride", height: 2, width: 1)
            operation.activation = try options.activation(5)
            let windows = TFLiteWindows(
                image: Pair(image[1], image[2]), kernel: kernel, strides: operation.strides, dilations: Pair(1, 1))
            operation.padding = try windows.padding(isSame: options.isPaddedSame(0))
            try graph.write(operation, [x])
        }
    }
}
