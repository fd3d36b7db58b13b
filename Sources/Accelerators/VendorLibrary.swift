import Glibc
import Runtime

/// A vendor's shared library, opened at run time.
///
/// It is never closed: several of these libraries start threads that outlive their last call. What must go away runs in a
/// process of its own.
// SAFETY: the handle stays valid as long as the process, because nothing closes it.
struct VendorLibrary {
    let name: String
    let handle: UnsafeMutableRawPointer

    init(_ name: String) throws(AcceleratorError) {
        self.name = name
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
            throw .libraryNotFound(
                name: name, reason: dlerror().map { String(cString: $0) } ?? "the loader says nothing")
        }
        self.handle = handle
    }

    /// Hands the library to a function that finds all its symbols.
    /// - Parameter bind: returns the name of the first symbol that is missing, or nil.
    func bind(_ bind: (UnsafeMutableRawPointer) -> UnsafePointer<CChar>?) throws(AcceleratorError) {
        if let missing = bind(handle) { throw .missingSymbol(library: name, symbol: String(cString: missing)) }
    }

    /// Throws unless a vendor's return code says success.
    func check(_ function: String, _ code: Int32, _ meanings: VendorCodes) throws(AcceleratorError) {
        guard code == 0 else {
            throw .callFailed(function: function, code: Int(code), meaning: meanings.meaning(code))
        }
    }
}

/// The first whole numbers of a version, e.g. 2.3.2 of "librknnrt version: 2.3.2 (429f97ae6b@2025-04-09)".
struct VersionNumber: Comparable {
    let parts: [Int]

    init(_ parts: [Int]) { self.parts = parts }

    init?(_ text: String) {
        // The first word that begins with a digit and holds a point.
        for word in text.split(whereSeparator: { !$0.isNumber && $0 != "." }) where word.contains(".") {
            let parts = word.split(separator: ".").compactMap { Int($0) }
            if parts.count > 1 {
                self.parts = parts
                return
            }
        }
        return nil
    }

    static func < (left: Self, right: Self) -> Bool { left.parts.lexicographicallyPrecedes(right.parts) }
}
