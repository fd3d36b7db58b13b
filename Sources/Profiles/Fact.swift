/// How a figure came to be known.
package enum FactStatus: String, CaseIterable, Hashable, Sendable {
    /// Run, or read out of the vendor's own package.
    case measured
    /// A page, manual or repository of the vendor.
    case vendorDoc = "vendor-doc"
    /// Somebody else quotes or tested it.
    case thirdParty = "third-party"
    /// Arithmetic on other facts of the same file.
    case derived
}

/// A value with where it comes from. What is unknown has no `Fact`: it is nil.
package struct Fact<Value: Hashable & Sendable>: Hashable, Sendable {
    package var value: Value
    package var status: FactStatus
    /// Page, package or arithmetic that gave the value, with what must be said about it.
    package var source: String

    package init(value: Value, status: FactStatus, source: String) {
        self.value = value
        self.status = status
        self.source = source
    }

    /// The same source, another form of the value.
    package func map<Other>(_ transform: (Value) -> Other) -> Fact<Other> {
        Fact<Other>(value: transform(value), status: status, source: source)
    }
}
