import Accelerators
import Glibc
import Graph
import Runtime
import Seeded
import Testing

/// What the build has put beside the test's own program, and a model for it.
enum Vendor {
    static func file(_ name: String) throws -> String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        try #require(count > 0)
        let own = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let places = [own, CommandLine.arguments.first ?? ""].map { place in
            "\(place[..<(place.lastIndex(of: "/") ?? place.startIndex)])/\(name)"
        }
        return try #require(places.first { access($0, R_OK) == 0 }, "\(name) was not built beside \(own)")
    }

    static func library() throws -> String { try file("libConformingRuntime.so") }

    static func program(fault: String? = nil, more: [String: String] = [:]) throws -> HostProgram {
        HostProgram(
            path: try file("AcceleratorHostProgram"), arguments: [AcceleratorHost.command],
            // A library that crashes on purpose needs no report of it.
            environment: ["MILLWRIGHT_CONFORMING_FAULT": fault ?? "", "SWIFT_BACKTRACE": "enable=no"]
                .merging(more) { $1 })
    }

    static func open(
        _ interface: VendorInterface, fault: String? = nil, limits: IsolatedAccelerator.Limits = .init()
    ) throws -> IsolatedAccelerator {
        try IsolatedAccelerator(interface, library: library(), program: program(fault: fault), limits: limits)
    }

    /// A convolution over an image that is not square, so that a wrong order of dimensions shows, with three golden cases.
    ///
    /// - Parameter hasFloatDoors: real numbers outside, as some vendors' tools make models by default.
    static func plan(seed: UInt64 = 7, receipt: Bool = true, hasFloatDoors: Bool = false) throws -> PlanMemory {
        var random = SplitMix64(seed: seed)
        var builder = PlanBuilder(contract: "tflite")
        let quantization = Quantization(scale: 0.02, zeroPoint: 3)
        let shape = [1, 5, 7, 3]
        let input =
            hasFloatDoors
            ? try builder.quantize(
                builder.input(name: "image", type: .float32, shape: shape, quantization: .init(scale: 1, zeroPoint: 0)),
                output: quantization)
            : builder.input(name: "image", shape: shape, quantization: quantization)
        let output = Quantization(scale: 0.11, zeroPoint: -5)
        let convolved =
            try builder.convolution(
                input,
                Weights.Source(
                    elements: (0..<4 * 3 * 3 * 3).map { _ in Int8.random(in: -127...127, using: &random) },
                    scales: (0..<4).map { _ in Float.random(in: 0.001...0.02, using: &random) },
                    bias: (0..<4).map { _ in Int32.random(in: -500...500, using: &random) }),
                window: Window(kernel: (3, 3)), output: output)
        builder.output(hasFloatDoors ? try builder.dequantize(convolved) : convolved)
        if receipt, !hasFloatDoors {
            let inputs = (0..<3).map { _ in bytes(105, &random) }
            builder.attach(receipt: try builder.receipt(goldenInputs: inputs))
        }
        return PlanMemory(copying: try builder.encode())
    }

    static func bytes(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    static func session(_ memory: PlanMemory) throws -> Session {
        try Session(plan: Plan(bytes: memory.bytes), keeping: memory)
    }
}
