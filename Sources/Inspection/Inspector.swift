internal import Kernels
package import Pictures

/// Judges parts, one picture after the other.
package struct Inspector {
    package let model: InspectionModel
    private let eye: Eye
    private let sight: Sight

    /// How a part is looked at.
    private enum Eye {
        case template(TemplateComparison)
        case memory(Backbone, GoodMemory, ClassHead?)
    }

    /// - Parameter backbone: of the same file; not needed by mode `template`.
    package init(_ model: InspectionModel, backbone: Backbone?) throws(InspectionError) {
        self.model = model
        sight = Self.sight(model)
        if let comparison = Self.comparison(model) {
            eye = .template(comparison)
            return
        }
        guard let memory = model.recipe.memory, let backbone, backbone.fits(memory) else {
            throw .model(
                what: "network",
                expected: "one with \(model.recipe.memory?.channels ?? 0) features a place, as were learnt",
                found: backbone.map { "one with \($0.channels)" } ?? "none in the file")
        }
        let head = model.recipe.classes.map { classes in
            ClassHead(
                classes: classes.names.count, dimension: classes.dimension,
                examples: model.examples, numbers: model.head)
        }
        eye = .memory(backbone, Self.memory(model, memory, kernels: backbone.kernels.bytes), head)
    }

    /// Light, focus and size first, then the part.
    ///
    /// - Parameter isLate: asked between the stages; from then on nobody waits for the verdict, and it is `late`.
    /// - Throws: where the network cannot run, which is no picture's fault.
    package func judge(_ picture: Picture, isLate: () -> Bool = { false }) throws(InspectionError) -> PartVerdict {
        let found = InspectionRecipe.Size(width: picture.width, height: picture.height)
        if let size = model.recipe.size, size != found {
            return PartVerdict(notJudged: .size(expected: "\(size)", found: "\(found)"))
        }
        let seen: Sight.Seen
        do throws(NotJudged) { seen = try sight.see(picture) } catch { return PartVerdict(notJudged: error) }
        var verdict = try judge(seen, found, isLate: isLate)
        if verdict.map != nil { verdict.looked = seen.picture }
        return verdict
    }

    /// - Parameter whole: the size of the picture as it came.
    private func judge(
        _ seen: Sight.Seen, _ whole: InspectionRecipe.Size, isLate: () -> Bool
    ) throws(InspectionError) -> PartVerdict {
        let looked = seen.picture
        let grey = Plane(looked.grey)
        if let fault = model.recipe.camera.fault(of: PictureQuality(of: grey)) {
            return PartVerdict(notJudged: .camera(fault))
        }
        guard !isLate() else { return PartVerdict(notJudged: .late) }
        switch eye {
        case .template(let comparison):
            return compare(grey, comparison) { sight.inPicture($0, whole, nil) }
        case .memory(let backbone, let memory, let head):
            let views = try backbone.features(of: looked, in: model.recipe.classes?.view ?? .asItLies)
            guard !isLate() else { return PartVerdict(notJudged: .late) }
            let cells = memory.map(of: views[0])
            let inPicture = { (box: Box) in sight.inPicture(box, whole, seen.placement) }
            guard let head, let classes = model.recipe.classes else {
                return verdict(cells, looked, backbone, inPicture)
            }
            let answers = head.answers(of: PictureDescriptor.values(of: views))
            return verdict(cells, looked, backbone, answers, classes, inPicture)
        }
    }

    /// Template comparison finds the part and leaves out what does not count by itself.
    private static func sight(_ model: InspectionModel) -> Sight {
        let recipe = model.recipe
        guard recipe.mode != .template else { return Sight(region: recipe.region) }
        var reference: Sight.Reference?
        if let alignment = recipe.alignment, let size = recipe.size {
            reference = .init(
                alignment: RigidAlignment(
                    golden: Plane(width: size.width, height: size.height, grey: model.golden),
                    limits: .init(shiftShare: alignment.shiftShare, degrees: alignment.degrees)),
                leastCorrelation: alignment.leastCorrelation)
        }
        return Sight(region: recipe.region, mask: model.mask, reference: reference)
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

    private func compare(
        _ grey: Plane, _ comparison: TemplateComparison, _ inPicture: (Box) -> Box
    ) -> PartVerdict {
        let found = comparison.compare(grey)
        let least = comparison.settings.leastCorrelation
        guard found.alignment.correlation >= least else {
            return PartVerdict(notJudged: .anotherPart(correlation: found.alignment.correlation, least: least))
        }
        let places = found.regions.indices.map { index in
            PartVerdict.Place(
                box: inPicture(found.boxes[index]),
                strength: Double(found.regions[index].level) / model.recipe.threshold.value,
                name: found.changes.isEmpty ? nil : found.changes[index].rawValue)
        }
        return PartVerdict(
            score: Double(found.level), threshold: model.recipe.threshold.value, places: places,
            name: places.first?.name, map: found.map)
    }

    // MARK: memory

    static func memory(_ model: InspectionModel, _ recipe: InspectionRecipe.Memory, kernels: ByteKernels)
        -> GoodMemory
    {
        var rows = model.memory[...]
        var numbers = model.usual[...]
        func usual(_ grid: (columns: Int, rows: Int)) -> Usual {
            let count = grid.columns * grid.rows
            defer { numbers = numbers.dropFirst(2 * count) }
            return Usual(
                mean: Plane(width: grid.columns, height: grid.rows, values: Array(numbers.prefix(count))),
                deviation: Plane(
                    width: grid.columns, height: grid.rows, values: Array(numbers.dropFirst(count).prefix(count))))
        }
        let levels = zip(recipe.levels, recipe.grids).map { level, grid -> GoodMemory.Level in
            let count = level.rows * recipe.channels
            defer { rows = rows.dropFirst(count) }
            return .init(
                side: level.side, rows: Array(rows.prefix(count)), usual: usual(grid), channels: recipe.channels,
                kernels: kernels)
        }
        return GoodMemory(levels: levels)
    }

    private func verdict(
        _ cells: Plane, _ looked: Picture, _ backbone: Backbone, _ inPicture: (Box) -> Box
    ) -> PartVerdict {
        let threshold = model.recipe.threshold.value
        let map = cells.resized(width: backbone.size.width, height: backbone.size.height)
        return PartVerdict(
            score: GoodMemory.score(cells), threshold: threshold,
            places: places(cells, threshold, looked, inPicture), name: nil, map: map)
    }

    /// Parts that are like none of any class are what nobody has labelled yet.
    private func verdict(
        _ cells: Plane, _ looked: Picture, _ backbone: Backbone, _ answers: [Double],
        _ classes: InspectionRecipe.Classes, _ inPicture: (Box) -> Box
    ) -> PartVerdict {
        let threshold = model.recipe.threshold.value
        let found = ClassVerdict(answers, classes, threshold: threshold)
        let map = cells.resized(width: backbone.size.width, height: backbone.size.height)
        var score = found.score
        var label = found.label
        let strangeness = GoodMemory.score(cells) / (Self.strange * classes.memoryThreshold)
        if score <= threshold, strangeness > 1 {
            score = threshold * strangeness
            label = nil
        }
        return PartVerdict(
            score: score, threshold: threshold, places: places(cells, classes.memoryThreshold, looked, inPicture),
            name: label.map { classes.names[$0] } ?? Self.unknown, map: map, mapThreshold: classes.memoryThreshold)
    }

    /// A part that is as far from good ones as this times the threshold is no good one, whatever the classes say.
    private static let strange = 1.5
    /// The name of a defect that is none of those known.
    package static let unknown = "unknown"

    /// Cells that lie above the threshold and hang together.
    private func places(
        _ cells: Plane, _ threshold: Double, _ looked: Picture, _ inPicture: (Box) -> Box
    ) -> [PartVerdict.Place] {
        let regions = DefectRegions(lower: Float(threshold), upper: Float(threshold), bridge: 0, leastCertain: 1)
        return regions.find(in: cells).regions.map { region in
            .init(
                box: inPicture(scaled(Self.core(of: region, cells), from: cells, to: looked)),
                strength: Double(region.peak) / threshold, name: nil)
        }
    }

    /// Around a strong defect much is unusual; what stands out half as much as its worst place is the defect.
    private static func core(of region: DefectRegion, _ cells: Plane) -> Box {
        let half = (GoodMemory.usualScore + region.peak) / 2
        var core = Box(left: region.box.right, top: region.box.bottom, right: 0, bottom: 0)
        for y in region.box.top..<region.box.bottom {
            for x in region.box.left..<region.box.right where cells[x, y] >= half {
                core = Box(
                    left: min(core.left, x), top: min(core.top, y), right: max(core.right, x + 1),
                    bottom: max(core.bottom, y + 1))
            }
        }
        return core
    }

    /// From cells to the pixels of what is looked at.
    private func scaled(_ box: Box, from cells: Plane, to looked: Picture) -> Box {
        let (columns, rows) = (cells.width, cells.height)
        return Box(
            left: box.left * looked.width / columns, top: box.top * looked.height / rows,
            right: (box.right * looked.width + columns - 1) / columns,
            bottom: (box.bottom * looked.height + rows - 1) / rows)
    }
}
