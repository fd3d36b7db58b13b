/// Why a file of reference vectors cannot be compared.
package struct VectorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// File, layer and field: `convnet.json: layer c1: w_scale`.
    package var place: String
    package var expected: String
    package var found: String

    package init(_ place: String, expected: String, found: String) {
        self.place = place
        self.expected = expected
        self.found = found
    }

    package var description: String { "\(place): expected \(expected), found \(found)" }
}
