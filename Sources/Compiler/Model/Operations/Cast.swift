/// Elements as another type: towards zero from real numbers, modulo 2^bits between integers.
package struct Cast: Hashable, Sendable {
    package var type: ElementType

    package init(to type: ElementType) { self.type = type }
}
