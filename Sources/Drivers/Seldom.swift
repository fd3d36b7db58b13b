/// What most of many things have not: kept outside of them, so that a plant of ten thousand registers stays small. One word.
@propertyWrapper struct Seldom<Value: Hashable & Sendable>: Hashable, Sendable {
    private enum Storage: Hashable, Sendable {
        case none
        indirect case some(Value)
    }

    private var storage: Storage

    init(wrappedValue: Value?) { storage = wrappedValue.map(Storage.some) ?? .none }

    var wrappedValue: Value? {
        get { if case .some(let value) = storage { value } else { nil } }
        set { self = Seldom(wrappedValue: newValue) }
    }
}
