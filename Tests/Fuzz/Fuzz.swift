import Compiler
import Glibc
import Hostile

/// The format that `MILLWRIGHT_FUZZ` names.
enum Fuzz {
    static let target: @Sendable ([UInt8]) throws -> Void =
        switch getenv("MILLWRIGHT_FUZZ").map({ String(cString: $0) }) {
        case "tflite": { try HostileFile.model($0, as: TensorFlowLite.self) }
        case "onnx": { try HostileFile.model($0, as: ONNXFormat.self) }
        case "mwplan": { try HostileFile.plan(PlanChecksums.repaired($0)) }
        case "npy": { try HostileFile.array($0) }
        case let other:
            preconditionFailure("MILLWRIGHT_FUZZ: expected tflite, onnx, mwplan or npy, found \(other ?? "nothing")")
        }
}

// SAFETY: `data` is `count` bytes long and readable during the call; it is copied first.
/// libFuzzer's door. Crashes, hangs and wild reads are for libFuzzer and AddressSanitizer to see; a broken promise ends
/// the process, so that they see it too.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try Fuzz.target(Array(UnsafeBufferPointer(start: data, count: data == nil ? 0 : count)))
    } catch {
        let text = "\(error)\n"
        write(STDERR_FILENO, text, text.utf8.count)
        abort()
    }
    return 0
}
