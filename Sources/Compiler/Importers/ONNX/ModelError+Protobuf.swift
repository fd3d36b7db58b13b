import Protobuf

/// The reader of an ONNX file's messages.
typealias ONNXReader = ProtobufReader<ModelError>

extension ModelError: ProtobufFailure {
    package static func malformed(_ what: String, expected: String, found: String, byte: Int) -> ModelError {
        .malformed(Fault(what, expected: expected, found: found, place: "byte \(byte)"))
    }

    package static func tooLarge(_ what: String, expected: String, found: String, byte: Int) -> ModelError {
        .tooLarge(Fault(what, expected: expected, found: found, place: "byte \(byte)"))
    }
}
