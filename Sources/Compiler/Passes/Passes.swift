/// The passes, in the order in which they run.
package enum Passes {
    /// A later pass often makes room for an earlier one, so the whole is repeated until nothing changes.
    package static let order: [any Pass.Type] = [
        RemoveIdentity.self, CommonSubexpressions.self, FoldConstants.self, EliminateTransposes.self,
        FoldBatchNormalization.self, FuseActivation.self, FusePadding.self, FoldQuantization.self, SignedBytes.self,
        DeadCode.self,
    ]

    /// Each round sees what the one before made possible; chains seen in real files settle in three or four.
    static let roundLimit = 24

    /// Runs passes over a model, again and again until none changes anything.
    /// - Returns: a report a pass, in order.
    /// - Throws: what a pass found wrong, with the pass's name as the place where it says none.
    @discardableResult
    package static func run(
        _ model: inout Model, passes: [any Pass.Type] = order
    ) throws(ModelError) -> [PassReport] {
        var reports = passes.map { PassReport(name: $0.name, nodesBefore: 0, nodesAfter: 0, changes: 0) }
        for round in 0..<roundLimit {
            var changes = 0
            for (index, pass) in passes.enumerated() {
                let nodes = model.nodes.count
                if round == 0 { (reports[index].nodesBefore, reports[index].nodesAfter) = (nodes, nodes) }
                do throws(ModelError) {
                    let count = try pass.run(&model)
                    changes += count
                    reports[index].changes += count
                } catch {
                    throw error.at("pass \(pass.name)")
                }
                reports[index].nodesAfter += model.nodes.count - nodes
            }
            if changes == 0 { break }
        }
        return reports
    }
}
