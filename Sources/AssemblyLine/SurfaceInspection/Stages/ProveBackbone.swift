internal import FoundationEssentials
internal import Graph
internal import Runtime

/// Runs the plan on this machine's kernels and compares what they give with its receipt.
package enum ProveBackbone: Stage {
    package static let name = "prove"
    package static let revision = 1

    package static func inputs(of work: SurfaceInspectionWork) throws(LineError) -> [[UInt8]] {
        [[UInt8](try Artefact.need(work.quantized, "a quantized network", stage: name).plan)]
    }

    package static func run(_ work: SurfaceInspectionWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let bytes = try Artefact.need(work.quantized, "a quantized network", stage: name).plan
        let memory = PlanMemory(copying: [UInt8](bytes))
        let plan: Plan
        do throws(PlanError) { plan = try Plan(bytes: memory.bytes) } catch { throw .plan(error) }
        do throws(RuntimeError) { try Session(plan: plan, keeping: memory).proveReceipt() } catch {
            throw .proof(error)
        }
        return try Artefact.bytes(
            BackboneProof(plan: bytes, receiptCases: plan.receipt?.cases.count ?? 0), stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout SurfaceInspectionWork) throws(LineError) {
        work.proof = try Artefact.value(BackboneProof.self, output, stage: name)
    }
}
