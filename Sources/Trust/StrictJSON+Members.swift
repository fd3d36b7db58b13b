/// Members that must be there: what is missing or has another type is an error that names its place.
extension StrictJSON {
    package func string(_ name: String, at place: String) throws(TrustError) -> String {
        guard let text = self[name]?.stringValue else { throw misfit(name, place, "a string") }
        return text
    }

    package func integer(_ name: String, at place: String, in range: ClosedRange<Int64>) throws(TrustError) -> Int64 {
        guard let number = self[name]?.integerValue, range.contains(number) else {
            throw misfit(name, place, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package func array(_ name: String, at place: String) throws(TrustError) -> [StrictJSON] {
        guard let items = self[name]?.arrayValue else { throw misfit(name, place, "an array") }
        return items
    }

    package func object(_ name: String, at place: String) throws(TrustError) -> [Member] {
        guard let members = self[name]?.objectValue else { throw misfit(name, place, "an object") }
        return members
    }

    private func misfit(_ name: String, _ place: String, _ expected: String) -> TrustError {
        let path = place.isEmpty ? name : "\(place).\(name)"
        return .malformedMetadata(at: path, expected: expected, found: self[name]?.kindText ?? "nothing")
    }
}
