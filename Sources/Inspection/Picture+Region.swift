package import Pictures

extension Picture {
    /// The part of it that is looked at; all of it for nil.
    package func region(_ region: Box?) throws(InspectionError) -> Picture {
        guard let region else { return self }
        do throws(PictureError) {
            return try cropped(
                column: region.left, row: region.top, width: region.right - region.left,
                height: region.bottom - region.top)
        } catch {
            throw .pictures(
                expected:
                    "a picture that holds the region \(region.left),\(region.top) to \(region.right),\(region.bottom)",
                found: "one of \(width) x \(height) pixels")
        }
    }
}
