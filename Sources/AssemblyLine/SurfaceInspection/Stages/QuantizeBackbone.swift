internal import Arrays
internal import Compiler
internal import FoundationEssentials
internal import Graph
internal import Kernels
internal import Runtime

/// Brings the network to int8 with the project's own quantizer, on the drawn pictures, and says what each layer costs.
package enum QuantizeBackbone: Stage {
    package static let name = "quantize"
    package static let revision = 1
    /// What the network takes is in 32nds.
    private static let unit: Float = 1 / 32
    static let contract = "tflite"
    /// Pictures of the receipt: one takes each kernel to some hundred places at least, and is a quarter of a megabyte.
    static let goldenPictures = 1

    package static func inputs(of work: SurfaceInspectionWork) throws(LineError) -> [[UInt8]] {
        [
            try Artefact.need(work.exported, "an exported network", stage: name),
            try Artefact.need(work.calibration, "drawn pictures", stage: name),
        ]
    }

    package static func run(_ work: SurfaceInspectionWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let exported = try Artefact.need(work.exported, "an exported network", stage: name)
        let drawn = try Artefact.need(work.calibration, "drawn pictures", stage: name)
        let samples = try pictures(drawn, side: work.pack.line.side)
        let outcome: Quantizer.Outcome
        do throws(ModelError) {
            let model = try Importers.model(from: exported, fileName: work.pack.exportedFile)
            // The three stages that take time take about the same.
            let counted: [Quantizer.Stage] = [.ranges, .histograms, .layers]
            outcome = try Quantizer().quantize(model, samples: samples) { stage, done, all in
                guard let place = counted.firstIndex(of: stage) else { return }
                report((Double(place) + Double(done) / Double(max(all, 1))) / Double(counted.count))
            }
        } catch { throw .artefact(stage: name, reason: "\(error)") }
        let quantized = QuantizedBackbone(
            plan: Data(try plan(of: outcome.model, golden: samples)),
            layers: outcome.layers.map(QuantizedBackbone.Layer.init), pictures: outcome.comparedSamples)
        return try Artefact.bytes(quantized, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout SurfaceInspectionWork) throws(LineError) {
        work.quantized = try Artefact.value(QuantizedBackbone.self, output, stage: name)
    }

    /// With a receipt of some of the pictures.
    private static func plan(of model: Model, golden samples: [[TensorData]]) throws(LineError) -> [UInt8] {
        var builder: PlanBuilder
        do throws(ModelError) { builder = try Lowering.plan(model, contract: contract) } catch {
            throw .artefact(stage: name, reason: "\(error)")
        }
        let count = min(goldenPictures, samples.count)
        builder.attach(
            receipt: try receipt(builder, (0..<count).map { samples[$0 * samples.count / count][0].elements.reals }))
        do throws(PlanError) { return try builder.encode() } catch { throw .plan(error) }
    }

    private static func receipt(_ builder: PlanBuilder, _ pictures: [[Float]]) throws(LineError) -> Receipt {
        let memory: PlanMemory
        let plan: Plan
        do throws(PlanError) {
            memory = PlanMemory(copying: try builder.encode())
            plan = try Plan(bytes: memory.bytes)
        } catch { throw .plan(error) }
        let input = try Artefact.need(plan.inputs.first?.quantization, "a network with an input", stage: name)
        let scalar: KernelSet
        do throws(KernelError) { scalar = try KernelSet(isa: "scalar") } catch {
            throw .artefact(stage: name, reason: "\(error)")
        }
        do throws(RuntimeError) {
            let session = try Session(plan: plan, keeping: memory, kernels: scalar)
            return try Receipt(of: session, inputs: pictures.map { $0.map { UInt8(bitPattern: input.quantize($0)) } })
        } catch { throw .proof(error) }
    }

    /// The drawn pictures as the network's inputs.
    static func pictures(_ file: [UInt8], side: Int) throws(LineError) -> [[TensorData]] {
        let array: NPYArray
        do throws(NPYArray.Flaw) { array = try NPYArray(file) } catch {
            throw .artefact(stage: DrawPictures.name, reason: "\(error)")
        }
        let shape = [1, 3, side, side]
        let count = 3 * side * side
        guard array.kind == .int8, let pictures = array.shape.first, pictures > 0,
            array.shape.count == 4, Array(array.shape.dropFirst()) == [3, side, side]
        else {
            throw .artefact(
                stage: DrawPictures.name,
                reason: "expected int8 pictures [N, 3, \(side), \(side)], found \(array.kind) \(array.shape)")
        }
        return (0..<pictures).map { number in
            let bytes = array.bytes[number * count..<(number + 1) * count]
            return [TensorData(shape: shape, .float32(bytes.map { Float(Int8(bitPattern: $0)) * unit }))]
        }
    }
}

extension QuantizedBackbone.Layer {
    fileprivate init(_ noise: LayerNoise) {
        self.init(
            name: noise.name, operation: noise.operation, shape: noise.shape, decibels: noise.decibels,
            ownDecibels: noise.ownDecibels)
    }
}
