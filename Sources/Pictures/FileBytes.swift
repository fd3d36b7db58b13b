/// Numbers of a file in either order of bytes; whoever asks has compared the count before.
struct FileBytes {
    let bytes: [UInt8]

    var count: Int { bytes.count }

    func has(_ count: Int, at offset: Int) -> Bool { offset >= 0 && count >= 0 && offset <= bytes.count - count }

    func bigEndian(_ count: Int, at offset: Int) -> Int {
        (0..<count).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }

    func littleEndian(_ count: Int, at offset: Int) -> Int {
        (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }

    func signed32(at offset: Int) -> Int { Int(Int32(truncatingIfNeeded: littleEndian(4, at: offset))) }

    /// Four bytes as a name; what is no printable letter as a dot.
    func name(at offset: Int) -> String {
        String(decoding: bytes[offset..<offset + 4].map { 0x20..<0x7F ~= $0 ? $0 : 0x2E }, as: UTF8.self)
    }
}

/// `0x` and two digits a byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return "0x" + bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
}
