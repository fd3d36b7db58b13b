import Glibc

enum Exponential {
    /// `exp(x)` as float32: computed in double precision, so that the result is correctly rounded whatever the C library.
    static func rounded(_ x: Float) -> Float { Float(exp(Double(x))) }
}
