/// A tensor repeated whole along each dimension.
package struct Tile: Hashable, Sendable {
    package var repeats: [Int]

    package init(repeats: [Int]) { self.repeats = repeats }
}
