/// A pattern of file names: `*` stands for any characters, `{part}` for those that name the part.
///
/// Each stands for as few as the rest allows. Capital letters of ASCII count like small ones: cameras write `.JPG`.
struct NamePattern: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case text([UInt8])
        /// Also no character at all.
        case any
        /// At least one.
        case part
    }

    /// Pieces that nobody needs more of in one name.
    static let maxPieces = 32

    let text: String
    let pieces: [Piece]

    enum Mistake: Error, Hashable {
        case empty, tooLong, slash, partTwice
        case unknownPlaceholder(String)
    }

    init(_ text: String) throws(Mistake) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let sign = rest.firstIndex(where: { $0 == "*" || $0 == "{" }) {
            if sign > rest.startIndex { pieces.append(.text(Self.folded(rest[..<sign].utf8))) }
            rest = rest[sign...]
            if rest.hasPrefix("*") {
                // Several in a row say no more than one.
                if pieces.last != .any { pieces.append(.any) }
                rest = rest.dropFirst()
            } else if rest.hasPrefix("{part}") {
                guard !pieces.contains(.part) else { throw .partTwice }
                pieces.append(.part)
                rest = rest.dropFirst(6)
            } else {
                throw .unknownPlaceholder(String(rest.prefix { $0 != "}" }) + (rest.contains("}") ? "}" : ""))
            }
        }
        if !rest.isEmpty { pieces.append(.text(Self.folded(rest.utf8))) }
        guard !pieces.isEmpty else { throw .empty }
        guard pieces.count <= Self.maxPieces else { throw .tooLong }
        guard !text.contains("/") else { throw .slash }
        self.text = text
        self.pieces = pieces
    }

    var namesPart: Bool { pieces.contains(.part) }

    /// - Returns: nil when the name does not match; else what stands for `{part}`, "" where the pattern has none.
    func match(_ name: String) -> String? {
        let bytes = Array(name.utf8)
        var search = Search(pieces: pieces, name: Self.folded(bytes))
        guard search.fits(0, 0) else { return nil }
        return String(decoding: bytes[search.part], as: UTF8.self)
    }

    private static func folded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
    }

    private struct Search {
        let pieces: [Piece]
        let name: [UInt8]
        var part = 0..<0
        /// Pairs of piece and place from which nothing fits: without them, stars cost more with each one.
        private var failed: Set<Int> = []

        init(pieces: [Piece], name: [UInt8]) {
            self.pieces = pieces
            self.name = name
        }

        mutating func fits(_ piece: Int, _ at: Int) -> Bool {
            guard piece < pieces.count else { return at == name.count }
            let pair = piece * (name.count + 1) + at
            if failed.contains(pair) { return false }
            switch pieces[piece] {
            case .text(let text):
                if name[at...].starts(with: text), fits(piece + 1, at + text.count) { return true }
            case .any:
                for end in at...name.count where fits(piece + 1, end) { return true }
            case .part:
                for end in at...name.count where end > at && fits(piece + 1, end) {
                    part = at..<end
                    return true
                }
            }
            failed.insert(pair)
            return false
        }
    }
}
