import Plant
import YAML

/// One entry of `assets:`: a machine, the pack that judges it, and which tags feed the pack's inputs.
struct AssetDefinition: Hashable, Sendable {
    var id: String
    var title: LocalizedText
    /// Folder of the solution pack.
    var packDirectory: String
    /// Name of the model slot; assets with the same name share one model, an asset fitted on site has its own.
    var model: String
    /// Role in the pack (`vibration`, `speed`, `load`) -> tag.
    var inputs: [String: String]
    /// How old a process value may be when a window is judged with it.
    var processMaximumAge: Duration

    var asset: Asset { Asset(id: id, title: title) }
    /// The tag under which the score is kept, so that it is history, telemetry and plot like any other value.
    var scoreTag: TagDefinition { TagDefinition(name: "\(id).score", unit: "", kind: .number) }

    init?(reading reader: inout MappingReader, directory: String) {
        let id = reader.required("id", .identifier)
        var titles = reader.optionalMapping("title")
        let english = titles?.required("en", .string)
        let chinese = titles?.required("zh-CN", .string)
        titles?.finish()
        let pack = reader.required("pack", .path(from: directory))
        let model = reader.optional("model", .identifier)
        var roles = reader.requiredMapping("inputs")
        var inputs: [String: String] = [:]
        // Without these two no window is judged, which nobody would notice before the machine breaks.
        for role in ["vibration", "speed"] { inputs[role] = roles?.required(role, .tagName) }
        inputs["load"] = roles?.optional("load", .tagName)
        roles?.finish()
        let age = reader.optional(
            "process_max_age", .duration(.milliseconds(10)...(.seconds(86_400))), default: .seconds(30))
        guard let id, let pack else { return nil }
        self.id = id
        title = LocalizedText(english: english ?? id, chinese: chinese ?? id)
        packDirectory = pack
        self.model = model ?? (pack.split(separator: "/").last.map(String.init) ?? id)
        self.inputs = inputs
        processMaximumAge = age
    }

    /// Whether a tag can feed a role. A pack's `vibration` is a waveform; everything else is a number.
    func check(role: String, definition: TagDefinition, at node: Node, path: String, _ diagnostics: Diagnostics) {
        let wantsWaveform = role == "vibration"
        let found: String
        switch definition.kind {
        case .waveform:
            if wantsWaveform { return }
            found = "waveforms"
        case .number:
            if !wantsWaveform { return }
            found = "single numbers"
        case .text: found = "texts"
        }
        diagnostics.report(
            at: node, path: path, expected: wantsWaveform ? "a tag with payload waveform" : "a tag with single numbers",
            found: "\"\(definition.name)\", which has \(found)")
    }
}
