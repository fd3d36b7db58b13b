import Graph
import Inspection
import Store

/// A file that `inspect fit` has made.
enum InspectionFile {
    /// - Throws: with the path, and what was expected of the file.
    static func open(_ path: String) throws -> InspectionModel {
        let mapped = try MappedFile(path: path)
        return try withExtendedLifetime(mapped) {
            do throws(InspectionError) { return try model(mapped.bytes) } catch {
                throw PictureFilesError("\(path): \(error)")
            }
        }
    }

    // SAFETY: what is read is copied out of the bytes, which the caller keeps.
    private static func model(_ file: UnsafeRawBufferPointer) throws(InspectionError) -> InspectionModel {
        let content: FittedFile.Content
        do throws(PlanError) { content = try FittedFile.content(of: file) } catch { throw .file(error) }
        return try InspectionModel(content.fitted)
    }

    static func write(_ model: InspectionModel, to path: String) throws {
        try OutputFile.write(try FittedFile.file(plan: nil, fitted: try model.encoded()), to: path)
    }
}
