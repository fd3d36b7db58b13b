internal import Graph

extension ChannelLookup: Runnable {
    func step(_ context: StepContext) -> Step? { ChannelLookupStep(self, context) }
}

/// A table for each channel, shared among threads by positions.
final class ChannelLookupStep: Step {
    private let node: ChannelLookup
    private let positions: Int
    private let input: Int
    private let output: Int

    init(_ node: ChannelLookup, _ context: StepContext) {
        self.node = node
        positions = context.plan.tensors[node.wiring.inputs[0].index].elementCount / node.channels
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override var divisions: Int { positions }
    override var estimate: Int { positions * node.channels }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for;
    // there are 256 entries for each channel.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        guard let tables = node.tables.bytes.baseAddress?.assumingMemoryBound(to: Int8.self) else { return }
        let channels = node.channels
        for position in part.range(of: positions) {
            let from = (arena + input + position * channels).assumingMemoryBound(to: Int8.self)
            let to = (arena + output + position * channels).assumingMemoryBound(to: Int8.self)
            for channel in 0..<channels { to[channel] = tables[channel * 256 + Int(from[channel]) + 128] }
        }
    }
}
