package import Runtime

/// A C interface that a vendor publishes for inference on its chips.
package enum VendorInterface: String, Hashable, Sendable, CaseIterable {
    /// Rockchip's RKNN.
    case rknn
    /// Ascend's AscendCL.
    case acl
    /// Sophgo's runtime for BM1684X, BM1688 and the like.
    case bmrt
    /// Sophgo's runtime for CV18xx and SG200x.
    case cvi

    /// The file that the vendor ships, as the system's loader finds it.
    package var libraryName: String {
        switch self {
        case .rknn: "librknnrt.so"
        case .acl: "libascendcl.so"
        case .bmrt: "libbmrt.so"
        case .cvi: "libcviruntime.so"
        }
    }

    /// Opens the library in this process: a crash inside it ends this process. ``IsolatedAccelerator`` is the safe way.
    ///
    /// - Parameter path: a file, or nil to let the loader look for ``libraryName``.
    /// - Throws: not found, a missing function by name, another version.
    package func openHere(library path: String? = nil) throws(AcceleratorError) -> any Accelerator {
        let name = path ?? libraryName
        switch self {
        case .rknn: return try RKNNAccelerator(library: name)
        case .acl: return try ACLAccelerator(library: name)
        case .bmrt: return try BMRTAccelerator(library: name)
        case .cvi: return try CVIAccelerator(library: name)
        }
    }
}
