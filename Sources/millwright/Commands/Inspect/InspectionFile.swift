import Graph
import Inspection
import Kernels
import Store
import Trust

/// Files of `inspect`: the network that is fitted to, and what was fitted.
enum InspectionFile {
    /// What a fit has left, ready to judge with.
    /// - Throws: with the path, and what was expected of the file.
    static func open(_ path: String) throws -> Inspector {
        let (model, backbone, _) = try parts(path)
        do { return try Inspector(model, backbone: backbone) } catch { throw PictureFilesError("\(path): \(error)") }
    }

    /// What was fitted, the network in the same file (nil where there is none), and the file's digest.
    ///
    /// All of it is what the file held at one moment: whoever copies another over it changes nothing here.
    static func parts(_ path: String) throws -> (InspectionModel, Backbone?, Digest) {
        let copied = try MappedFile(copying: path)
        do {
            let content = try FittedFile.content(of: copied.bytes)
            return (
                try InspectionModel(content.fitted), content.hasPlan ? try backbone(copied) : nil,
                try copied.withBytes { bytes in try Digest(of: bytes) }
            )
        } catch { throw PictureFilesError("\(path): \(error)") }
    }

    /// The network in a plan's file.
    static func network(_ path: String) throws -> Backbone {
        let mapped = try MappedFile(path: path)
        do { return try backbone(mapped) } catch { throw PictureFilesError("\(path): \(error)") }
    }

    private static func backbone(_ mapped: MappedFile) throws -> Backbone {
        try Backbone(plan: try Plan(bytes: mapped.bytes), keeping: mapped, kernels: .ofThisMachine)
    }

    /// - Parameter network: the file of the network that was fitted to; nil where none was.
    static func write(_ model: InspectionModel, network: String?, to path: String) throws {
        let fitted = try model.encoded()
        guard let network else {
            return try OutputFile.write(try FittedFile.file(plan: nil, fitted: fitted), to: path)
        }
        let mapped = try MappedFile(path: network)
        let file = try withExtendedLifetime(mapped) { try FittedFile.file(plan: mapped.bytes, fitted: fitted) }
        try OutputFile.write(file, to: path)
    }
}
