/// `RESIZE_BILINEAR`, `RESIZE_NEAREST_NEIGHBOR`.
enum TFLiteResizes {
    static let rules: [String: TFLiteRule] = [
        "RESIZE_BILINEAR": bilinear,
        "RESIZE_NEAREST_NEIGHBOR": nearest,
    ]

    private static func bilinear(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.resizeBilinear)
        let coordinates = try coordinates(
            alignsCorners: options.flag("align_corners", 2), isHalfPixel: options.flag("half_pixel_centers", 3))
        let x = try graph.real(0, "operand")
        try graph.write(Resize(.bilinear, size: try size(graph), coordinates: coordinates), [x])
    }

    /// Corners aligned round to the nearest pixel, half up; half-pixel centres take `floor((i + 0.5) * scale)`, which is
    /// the same rounding of a coordinate half a pixel lower; else down.
    private static func nearest(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.resizeNearest)
        let coordinates = try coordinates(
            alignsCorners: options.flag("align_corners", 0), isHalfPixel: options.flag("half_pixel_centers", 1))
        let x = try graph.operand(0, "operand")
        var operation = Resize(.nearest, size: try size(graph), coordinates: coordinates)
        operation.rounding = coordinates == .asymmetric ? .floor : .halfUp
        try graph.write(operation, [x])
    }

    private static func coordinates(alignsCorners: Bool, isHalfPixel: Bool) throws(ModelError) -> Resize.Coordinates {
        guard !(alignsCorners && isHalfPixel) else {
            throw .malformed(
                .init("align_corners and half_pixel_centers", expected: "one of them at most", found: "both"))
        }
        return alignsCorners ? .alignCorners : isHalfPixel ? .halfPixel : .asymmetric
    }

    private static func size(_ graph: TFLiteGraph) throws(ModelError) -> Pair {
        let size = try graph.integers(1, "size")
        guard size.count == 2, size.allSatisfy({ (1...maximumExtent).contains($0) }) else {
            throw .malformed(.init("size", expected: "2 numbers, 1 to \(maximumExtent)", found: "\(size)"))
        }
        return Pair(size[0], size[1])
    }

    private static let maximumExtent = 65_535
}
