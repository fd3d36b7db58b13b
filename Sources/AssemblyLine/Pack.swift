package import Plant
internal import YAML

/// A turnkey solution as its `pack.yaml` describes it.
package enum Pack: Sendable {
    case rotatingMachine(RotatingMachinePack)
    case surfaceInspection(SurfaceInspectionPack)

    /// Each has a shape of its own and stages that make its model.
    package enum Kind: String, CaseIterable, Sendable {
        case rotatingMachine = "rotating-machine"
        case surfaceInspection = "surface-inspection"
    }

    /// What every pack says of itself.
    package struct Header: Hashable, Sendable {
        package var name: String
        package var version: String
        package var title: LocalizedText
    }

    /// Reads a `pack.yaml`.
    /// - Throws: `.pack` with every mistake and its place.
    package static func parse(_ bytes: [UInt8], file: String) throws(LineError) -> Pack {
        try PackText.read(bytes, file: file) { Pack(reading: &$0) }
    }
}

extension Pack {
    fileprivate init?(reading reader: inout MappingReader) {
        let name = reader.required("pack", .text(64))
        let kind = reader.required("kind", .choice(Kind.allCases.map(\.rawValue))).flatMap(Kind.init)
        let version = reader.required("version", .text(32))
        let title = reader.required("title", .mapping { LocalizedText(reading: &$0) })
        var header: Header?
        if let name, let version, let title { header = Header(name: name, version: version, title: title) }
        guard let kind else { return nil }
        // Read even where the header is wrong, so that all mistakes are told in one go.
        switch kind {
        case .rotatingMachine:
            guard let pack = RotatingMachinePack(header, reading: &reader) else { return nil }
            self = .rotatingMachine(pack)
        case .surfaceInspection:
            guard let pack = SurfaceInspectionPack(header, reading: &reader) else { return nil }
            self = .surfaceInspection(pack)
        }
    }
}

extension LocalizedText {
    fileprivate init?(reading reader: inout MappingReader) {
        let english = reader.required("en", .text(200))
        let chinese = reader.required("zh-CN", .text(200))
        guard let english, let chinese else { return nil }
        self.init(english: english, chinese: chinese)
    }
}

/// Reading one of the pack's YAML files, with all its mistakes in one go.
enum PackText {
    static func read<T>(
        _ bytes: [UInt8], file: String, _ make: (inout MappingReader) -> T?
    ) throws(LineError) -> T {
        let root: Node
        do { root = try YAML.parse(bytes, file: file) } catch { throw .pack(error.description) }
        let diagnostics = Diagnostics(file: file)
        guard var reader = MappingReader(root, path: "", diagnostics: diagnostics) else {
            throw .pack(diagnostics.text)
        }
        let value = make(&reader)
        reader.finish()
        guard let value, diagnostics.isEmpty else {
            throw .pack(diagnostics.isEmpty ? "\(file): a value is out of order" : diagnostics.text)
        }
        return value
    }
}
