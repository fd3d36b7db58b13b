import Compiler
import Glibc
import Hostile
import Synchronization

/// The format that `MILLWRIGHT_FUZZ` names.
enum Fuzz {
    static let target: @Sendable ([UInt8]) throws -> Void =
        switch getenv("MILLWRIGHT_FUZZ").map({ String(cString: $0) }) {
        case "tflite": { try HostileFile.model($0, as: TensorFlowLite.self) }
        case "onnx": { try HostileFile.model($0, as: ONNXFormat.self) }
        case "mwplan": { try HostileFile.plan(PlanChecksums.repaired($0)) }
        case "fitted": { try HostileFile.fitted($0) }
        case "npy": { try HostileFile.array($0) }
        case "png": { try HostileFile.picture(PNGChecksums.repaired($0)) }
        case "jpeg", "bmp": { try HostileFile.picture($0) }
        case "sparkplug": { try HostilePayload.sparkplug($0) }
        case let other:
            payload(other ?? "nothing")
        }

    private static func payload(_ name: String) -> @Sendable ([UInt8]) throws -> Void {
        guard let form = HostilePayload.forms.first(where: { $0.name == name }), let target = try? PayloadTarget(form)
        else { preconditionFailure("MILLWRIGHT_FUZZ: expected one of the formats of Tests/Fuzz/run, found \(name)") }
        return { try target.read($0) }
    }
}

/// Keeps what reads the messages of one form, as a link does from message to message.
private final class PayloadTarget: Sendable {
    private let payload: Mutex<HostilePayload>

    init(_ form: HostilePayload.Form) throws { payload = Mutex(try HostilePayload(form)) }

    func read(_ bytes: [UInt8]) throws { _ = try payload.withLock { try $0.read(bytes) } }
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
