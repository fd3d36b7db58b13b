/// Nodes whose results no output needs, and values nothing touches.
package enum DeadCode: Pass {
    package static let name = "dead-code"
    package static let summary = "Removes nodes and constants that no output depends on."

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        let cleaned = ModelEditor(model).finish()
        let removed = model.nodes.count - cleaned.nodes.count + model.values.count - cleaned.values.count
        if removed > 0 { model = cleaned }
        return removed
    }
}
