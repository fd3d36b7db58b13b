/// `condition ? a : b`, element by element, operands broadcast as numpy does.
package struct Select: Hashable, Sendable {
    package init() {}
}
