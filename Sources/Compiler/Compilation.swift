package import Graph

/// A model file on its way to a plan: read, rewritten, and written down under a numeric contract.
package struct Compilation: Sendable {
    /// As the file says it.
    package let imported: Model
    /// As the passes leave it.
    package let model: Model
    package let reports: [PassReport]

    /// Reads a model file and runs the passes over it.
    ///
    /// - Parameter bytes: `.tflite` or `.onnx`.
    /// - Parameter fileName: for messages, and where the bytes do not say the format.
    package init(file bytes: [UInt8], fileName: String) throws(ModelError) {
        try self.init(Importers.model(from: bytes, fileName: fileName))
    }

    /// Runs the passes over a model.
    package init(_ imported: Model) throws(ModelError) {
        var model = imported
        reports = try Passes.run(&model)
        self.imported = imported
        self.model = model
    }

    /// - Parameter contract: a name from ``Contracts/all``.
    /// - Throws: `.unsupported` naming the first node that no plan computes.
    package func plan(contract: String) throws(ModelError) -> PlanBuilder {
        try Lowering.plan(model, contract: contract)
    }
}
