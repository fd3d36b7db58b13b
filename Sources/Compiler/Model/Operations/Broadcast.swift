/// A tensor repeated along dimensions of size 1 until it has a shape (numpy's `broadcast_to`, ONNX's `Expand`).
package struct Broadcast: Hashable, Sendable {
    package var shape: [Int]

    package init(shape: [Int]) { self.shape = shape }
}
