package import Graph

/// One model on a vendor's own inference library, or on what speaks like one.
///
/// Order: made (which opens the library and checks its version), ``load(_:placement:)``, ``bind(input:output:)``,
/// ``run()`` again and again, ``unload()``, and from there another model. Not Sendable: one call at a time, as ``Session``.
// SAFETY: whoever calls keeps the model's bytes and the bound buffers alive as long as each method says; sizes are compared
// when they are bound.
package protocol Accelerator: AnyObject {
    /// What the library says of itself.
    var library: AcceleratorLibrary { get }
    /// What the loaded model takes and gives, in the library's order; empty while none is loaded.
    var inputs: [AcceleratorTensor] { get }
    var outputs: [AcceleratorTensor] { get }

    /// Loads a model that the vendor's compiler has made; one that was loaded before is unloaded first.
    ///
    /// - Parameter model: stays alive and unchanged until ``unload()``.
    /// - Throws: what the library refused, or which device or core there is not.
    func load(_ model: UnsafeRawBufferPointer, placement: AcceleratorPlacement) throws(AcceleratorError)

    /// Says where inputs are read and outputs written from now on.
    ///
    /// - Parameter input: bytes of all inputs, one after the other, each in its own type and layout.
    /// - Parameter output: bytes of all outputs. Both stay alive until the next call or ``unload()``.
    /// - Throws: ``AcceleratorError/wrongTensor(name:what:expected:found:)`` for another size.
    func bind(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws(AcceleratorError)

    /// One inference on the bound buffers.
    func run() throws(AcceleratorError) -> AcceleratorTiming

    /// Frees the model and what was taken for it. Nothing happens when none is loaded.
    func unload()
}

extension Accelerator {
    /// Bytes of all inputs, and of all outputs, together.
    package var inputBytes: Int { inputs.reduce(0) { $0 + $1.byteCount } }
    package var outputBytes: Int { outputs.reduce(0) { $0 + $1.byteCount } }
}

/// A vendor's library as it describes itself.
package struct AcceleratorLibrary: Hashable, Sendable {
    /// Name of the file that was opened.
    package var name: String
    /// As the library prints it; empty where it tells none before a model is loaded.
    package var version: String
    /// The driver's below it, or the chip that a model is for; empty where none is told.
    package var detail: String

    package init(name: String, version: String, detail: String) {
        self.name = name
        self.version = version
        self.detail = detail
    }
}

/// Where a model runs.
package struct AcceleratorPlacement: Hashable, Sendable {
    /// Number of the device, from 0.
    package var device: Int
    /// Numbers of its cores, from 0; empty leaves the choice to the library.
    package var cores: [Int]

    package init(device: Int = 0, cores: [Int] = []) {
        self.device = device
        self.cores = cores
    }
}

/// How long an inference took.
package struct AcceleratorTiming: Hashable, Sendable {
    /// As the library reports it; nil where it reports nothing.
    package var library: Duration?
    /// From the call to the last byte of output, by this machine's monotonic clock.
    package var wall: Duration

    package init(library: Duration?, wall: Duration) {
        self.library = library
        self.wall = wall
    }
}

/// What one element of a vendor model's tensor is.
package enum AcceleratorElement: String, Hashable, Sendable, CaseIterable {
    case int8, uint8, int16, uint16, int32, uint32, int64, float16, bfloat16, float32, bool

    /// Bytes of one element.
    package var size: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .int64: 8
        }
    }
}

/// In which order the dimensions of a vendor model's tensor stand.
package enum AcceleratorLayout: String, Hashable, Sendable, CaseIterable {
    case nchw, nhwc
    /// None is said, or the tensor is no image.
    case plain
}

/// An input or output of a vendor's model, as the library describes it.
package struct AcceleratorTensor: Hashable, Sendable {
    package var name: String
    package var element: AcceleratorElement
    /// Each at least 1, in the order that the layout says.
    package var shape: [Int]
    package var layout: AcceleratorLayout
    /// Nil where the library states none.
    package var quantization: Quantization?

    package init(
        name: String, element: AcceleratorElement, shape: [Int], layout: AcceleratorLayout = .plain,
        quantization: Quantization? = nil
    ) {
        self.name = name
        self.element = element
        self.shape = shape
        self.layout = layout
        self.quantization = quantization
    }

    /// Largest tensor that is believed: 2^30 bytes. More is a library or model that is broken.
    package static let maximumBytes = 1 << 30

    package var elementCount: Int { shape.reduce(1, *) }
    package var byteCount: Int { elementCount * element.size }
}
