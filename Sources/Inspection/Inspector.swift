package import Pictures

/// Judges parts, one picture after the other.
package struct Inspector: Sendable {
    package let model: InspectionModel
    private let template: TemplateComparison?

    package init(_ model: InspectionModel) throws(InspectionError) {
        self.model = model
        template = Self.comparison(model)
    }

    /// Light, focus and size first, then the part.
    package func judge(_ picture: Picture) -> PartVerdict {
        do throws(NotJudged) {
            let looked = try self.looked(picture)
            let grey = Plane(looked.grey)
            if let fault = model.recipe.camera.fault(of: PictureQuality(of: grey)) { throw .camera(fault) }
            guard let template else { return PartVerdict(notJudged: .size(expected: "a model", found: "none")) }
            return try compare(grey, template)
        } catch { return PartVerdict(notJudged: error) }
    }

    /// The region of interest of a picture of the right size.
    private func looked(_ picture: Picture) throws(NotJudged) -> Picture {
        let found = InspectionRecipe.Size(width: picture.width, height: picture.height)
        if let size = model.recipe.size, size != found { throw .size(expected: "\(size)", found: "\(found)") }
        guard let region = model.recipe.region else { return picture }
        do throws(PictureError) {
            return try picture.cropped(
                column: region.left, row: region.top, width: region.right - region.left,
                height: region.bottom - region.top)
        } catch { throw .size(expected: "\(region)", found: "\(found)") }
    }

    // MARK: template

    private static func comparison(_ model: InspectionModel) -> TemplateComparison? {
        guard let template = model.recipe.template, let size = model.recipe.looked else { return nil }
        var settings = TemplateComparison.Settings()
        settings.boxMargin = template.boxMargin
        settings.alignment = .init(shiftShare: template.shiftShare, degrees: template.degrees)
        settings.leastCorrelation = template.leastCorrelation
        settings.print = template.print
        settings.regions = settings.regions.scaled(to: Float(model.recipe.threshold.value))
        return TemplateComparison(
            golden: Plane(width: size.width, height: size.height, grey: model.golden),
            isLooked: model.recipe.hasMask ? model.mask : nil, settings: settings)
    }

    private func compare(_ grey: Plane, _ template: TemplateComparison) throws(NotJudged) -> PartVerdict {
        let found = template.compare(grey)
        let least = template.settings.leastCorrelation
        guard found.alignment.correlation >= least else {
            throw .anotherPart(correlation: found.alignment.correlation, least: least)
        }
        let places = found.regions.indices.map { index in
            PartVerdict.Place(
                box: shifted(found.boxes[index]), strength: Double(found.regions[index].level),
                name: found.changes.isEmpty ? nil : found.changes[index].rawValue)
        }
        return PartVerdict(
            score: Double(found.level), threshold: model.recipe.threshold.value, places: places,
            name: places.first?.name,
            map: found.map)
    }

    /// From the region of interest to the whole picture.
    private func shifted(_ box: Box) -> Box {
        guard let region = model.recipe.region else { return box }
        return Box(
            left: box.left + region.left, top: box.top + region.top, right: box.right + region.left,
            bottom: box.bottom + region.top)
    }
}
