/// A file that holds what was fitted on site: the plan's own, with one more section, or one that has this section alone where
/// no network is needed. Either way it is one file, one digest, one signature.
package enum FittedFile {
    /// What a file of this kind holds.
    package struct Content {
        /// The section as it lies in the file.
        package var fitted: UnsafeRawBufferPointer
        /// Whether the file is a plan too.
        package var hasPlan: Bool
    }

    /// Checks a file's table and checksums.
    ///
    /// - Parameter file: must stay alive and unchanged as long as the content is used.
    /// - Throws: what was expected, what came, and at which byte.
    // SAFETY: the content points into `file`, which the caller keeps.
    package static func content(of file: UnsafeRawBufferPointer) throws(PlanError) -> Content {
        let sections = try SectionTable(file)
        return Content(fitted: try sections.expect(.fitted), hasPlan: sections[.graph] != nil)
    }

    /// - Parameter plan: the file of the plan to whose outputs something was fitted; what was fitted before goes.
    /// - Throws: whatever would be found wrong with the file when it is read.
    package static func file(plan: UnsafeRawBufferPointer?, fitted: [UInt8]) throws(PlanError) -> [UInt8] {
        var sections: [(kind: UInt32, alignment: Int, bytes: [UInt8])] = []
        if let plan {
            let table = try SectionTable(plan)
            for kind in PlanFormat.Section.allCases where kind != .fitted {
                if let bytes = table[kind] { sections.append((kind.rawValue, kind.alignment, Array(bytes))) }
            }
        }
        sections.append((PlanFormat.Section.fitted.rawValue, PlanFormat.Section.fitted.alignment, fitted))
        let file = PlanFormat.file(of: sections)
        try file.withUnsafeBytes { file in
            Result { () throws(PlanError) in
                if try content(of: file).hasPlan { _ = try Plan(bytes: file) }
            }
        }.get()
        return file
    }
}
