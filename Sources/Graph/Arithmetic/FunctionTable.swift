/// What a function of one int8 number gives for each of the 256 inputs, -128 first.
package struct FunctionTable: Hashable, Sendable {
    package var entries: [Int8]
    /// For the elements that no block is full of, where plain code finishes what vector code began; nil if nothing differs.
    package var tail: [Int8]?
    /// Elements that vector code takes at once.
    package var block: Int

    package init(_ entries: [Int8], tail: [Int8]? = nil, block: Int = 1) {
        self.entries = entries
        self.tail = tail == entries ? nil : tail
        self.block = block
    }

    /// One entry an input, from `entry`, which gets -128 first.
    init(_ entry: (Int32) -> Int8) { self.init((-128...127).map { entry($0) }) }
}
