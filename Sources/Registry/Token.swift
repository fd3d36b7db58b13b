package import Trust

/// A bearer token: 256 random bits as text. Only its SHA-256 is stored, which is enough because nobody can guess it.
package struct Token: Sendable {
    package let text: String

    /// Takes a token as it was sent or read from a file; blanks around it do not belong to it.
    package init(text: String) {
        let start = text.drop(while: \.isWhitespace)
        self.text = String(start.prefix { !$0.isWhitespace })
    }

    /// A new one from the system's random source. The prefix lets secret scanners find a token that got into a file.
    package static func random() -> Token {
        var generator = SystemRandomNumberGenerator()
        return Token(text: "mwt_" + Hex.text((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
    }

    package func digest() throws(TrustError) -> Digest { try Digest(of: Array(text.utf8)) }
}
