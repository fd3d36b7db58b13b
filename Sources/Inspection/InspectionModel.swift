internal import Graph

/// What was fitted to good parts: a recipe and its numbers, read from the file that `millwright inspect fit` leaves.
///
/// ```
///  0  u32 bytes of the recipe, the recipe as JSON, zeros up to a multiple of 64
///     golden part: a byte a pixel of the region; or reference: a byte a pixel of the picture; then zeros up to a multiple of 64
///     memory: of each size [row][channel] of int8, then zeros up to a multiple of 64
///     usual: of each size mean and deviation [row][column] of float32, then zeros up to a multiple of 64
///     examples of the classes: [example][number] of int8, then zeros up to a multiple of 64
///     head of the classes: float32, then zeros up to a multiple of 64
///     mask: a byte a pixel of the region, 0 where differences do not count, then zeros up to a multiple of 64
/// ```
/// Each part is there when the recipe says so, and nothing else is.
package struct InspectionModel: Sendable, Equatable {
    package var recipe: InspectionRecipe
    /// Grey levels of the golden part within the region, or of the whole reference; empty without.
    package var golden: [UInt8]
    /// Of each pixel of the region, whether it counts; empty where all do.
    package var mask: [Bool]
    /// Features of good parts, [row][channel]; empty without.
    package var memory: [Int8]
    /// What is usual at each place of good parts; empty without.
    package var usual: [Float]
    /// Pictures that others are compared with, [example][number]; empty without.
    package var examples: [Int8]
    /// What tells classes apart; empty without.
    package var head: [Float]

    package init(
        recipe: InspectionRecipe, golden: [UInt8] = [], mask: [Bool] = [], memory: [Int8] = [], usual: [Float] = [],
        examples: [Int8] = [], head: [Float] = []
    ) {
        self.recipe = recipe
        self.golden = golden
        self.mask = mask
        self.memory = memory
        self.usual = usual
        self.examples = examples
        self.head = head
    }

    private static let alignment = 64
    /// Of a recipe with hundreds of classes.
    private static let recipeBytes = 1 << 20

    /// The section of the file.
    package func encoded() throws(InspectionError) -> [UInt8] {
        var writer = ByteWriter()
        let json = try recipe.json()
        writer.count(json.count)
        writer.raw(json)
        writer.pad(to: Self.alignment)
        if recipe.goldenPixels != nil {
            writer.raw(golden)
            writer.pad(to: Self.alignment)
        }
        if recipe.memory != nil {
            writer.raw(memory.lazy.map(UInt8.init(bitPattern:)))
            writer.pad(to: Self.alignment)
        }
        if recipe.memory != nil {
            for number in usual { writer.float(number) }
            writer.pad(to: Self.alignment)
        }
        if recipe.classes != nil {
            writer.raw(examples.lazy.map(UInt8.init(bitPattern:)))
            writer.pad(to: Self.alignment)
            for number in head { writer.float(number) }
            writer.pad(to: Self.alignment)
        }
        if recipe.hasMask {
            writer.raw(mask.lazy.map { $0 ? 1 : 0 })
            writer.pad(to: Self.alignment)
        }
        return writer.bytes
    }

    /// Means and deviations of distances, by which others are divided.
    private static func checkUsual(_ usual: [Float], of recipe: InspectionRecipe) throws(InspectionError) {
        var rest = usual[...]
        for grid in recipe.memory?.grids ?? [] {
            let count = grid.columns * grid.rows
            let (means, deviations) = (rest.prefix(count), rest.dropFirst(count).prefix(count))
            rest = rest.dropFirst(2 * count)
            guard means.allSatisfy({ abs($0) <= 1e6 }),
                deviations.allSatisfy({ (UsualSums.leastDeviation...1e6).contains($0) })
            else {
                throw .model(
                    what: "usual numbers", expected: "means and deviations of distances", found: "others")
            }
        }
    }

    /// Reads the section of a file, whatever its bytes are.
    package init(_ section: UnsafeRawBufferPointer) throws(InspectionError) {
        var reader = SectionReader(section)
        recipe = try InspectionRecipe(json: try reader.recipe(atMost: Self.recipeBytes))
        try reader.skip(to: Self.alignment)
        let pixels = recipe.looked?.count ?? 0
        golden = []
        if let count = recipe.goldenPixels { golden = try reader.bytes(count, "golden part") }
        try reader.skip(to: Self.alignment)
        let kept = recipe.memory.map { memory in memory.levels.reduce(0) { $0 + $1.rows * memory.channels } } ?? 0
        memory = try reader.bytes(kept, "memory").map(Int8.init(bitPattern:))
        try reader.skip(to: Self.alignment)
        let places = recipe.memory.map { $0.grids.reduce(0) { $0 + 2 * $1.columns * $1.rows } } ?? 0
        usual = try reader.floats(places, "usual numbers")
        try Self.checkUsual(usual, of: recipe)
        try reader.skip(to: Self.alignment)
        let known = recipe.classes.map { $0.examples * $0.dimension } ?? 0
        examples = try reader.bytes(known, "examples").map(Int8.init(bitPattern:))
        try reader.skip(to: Self.alignment)
        let numbers =
            recipe.classes.map {
                ClassHead.count(classes: $0.names.count, dimension: $0.dimension, examples: $0.examples)
            } ?? 0
        head = try reader.floats(numbers, "head of the classes")
        try reader.skip(to: Self.alignment)
        mask = recipe.hasMask ? try reader.bytes(pixels, "mask").map { $0 != 0 } : []
        try reader.skip(to: Self.alignment)
        try reader.end()
    }
}

/// What ``ByteReader`` throws as an error of this module.
private struct SectionReader {
    private var reader: ByteReader

    // SAFETY: lives no longer than InspectionModel.init, whose caller keeps the bytes; ByteReader checks each range.
    init(_ section: UnsafeRawBufferPointer) { reader = ByteReader(section, origin: 0) }

    mutating func recipe(atMost limit: Int) throws(InspectionError) -> [UInt8] {
        do throws(PlanError) {
            let count = try reader.count("length of the recipe", in: 2...limit)
            return Array(try reader.take(count, "recipe"))
        } catch { throw .file(error) }
    }

    mutating func bytes(_ count: Int, _ what: String) throws(InspectionError) -> [UInt8] {
        do throws(PlanError) { return Array(try reader.take(count, what)) } catch { throw .file(error) }
    }

    mutating func floats(_ count: Int, _ what: String) throws(InspectionError) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count)
        do throws(PlanError) { for _ in 0..<count { numbers.append(try reader.float(what)) } } catch {
            throw .file(error)
        }
        guard numbers.allSatisfy(\.isFinite) else {
            throw .model(what: what, expected: "finite numbers", found: "others")
        }
        return numbers
    }

    mutating func skip(to alignment: Int) throws(InspectionError) {
        let gap = (alignment - reader.offset % alignment) % alignment
        guard try bytes(gap, "padding").allSatisfy({ $0 == 0 }) else {
            throw .model(what: "padding", expected: "zeros", found: "other bytes")
        }
    }

    func end() throws(InspectionError) {
        do throws(PlanError) { try reader.end("fitted section") } catch { throw .file(error) }
    }
}
