/// How a chip keeps an activation in memory.
package struct Layout: Hashable, Sendable {
    package var description: Fact<String>
    /// Channels that stand together and are padded up to; nil where it is not known.
    package var channelBlock: Fact<Int>?
}
