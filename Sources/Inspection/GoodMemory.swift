internal import Kernels

/// What good parts look like, place by place, and how far a part is from that.
struct GoodMemory {
    private let memory: PreparedMemory
    private let settings: InspectionRecipe.Memory

    /// - Parameter rows: as `settings` say.
    init(_ rows: [Int8], _ settings: InspectionRecipe.Memory, kernels: ByteKernels) {
        memory = PreparedMemory(rows, channels: settings.channels, kernels: kernels)
        self.settings = settings
    }

    /// How far each cell is from what is known, in the features' own unit; smoothed, because a defect seldom ends at a
    /// cell's edge.
    func map(of features: FeatureMap) -> Plane {
        let distances = memory.distances(of: features.values)
        let scale = Float(settings.featureScale)
        return Plane(
            width: features.columns, height: features.rows, values: distances.map { Float($0).squareRoot() * scale }
        ).blurred(settings.smoothing)
    }
}
