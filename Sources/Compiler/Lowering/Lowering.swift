package import Graph

/// Writes a model that the passes are through with as a plan: each node becomes one operator, or a few.
package struct Lowering {
    let model: Model
    let contract: any Graph.Contract.Type
    var builder: PlanBuilder
    /// Sums with a convolution's result that the contract takes before it is rounded, by their output.
    private(set) var joins: [ValueID: JoinedAddition] = [:]
    /// The convolutions' results in them.
    private(set) var joined: Set<ValueID> = []
    private var tensors: [ValueID: TensorID] = [:]

    /// - Parameter contract: a name from ``Contracts/all``.
    /// - Throws: `.unsupported` naming the first node that no plan computes, and what to do.
    package static func plan(_ model: Model, contract: String) throws(ModelError) -> PlanBuilder {
        var lowering = try Lowering(model, contract: contract)
        try lowering.run()
        return lowering.builder
    }

    private init(_ model: Model, contract: String) throws(ModelError) {
        self.model = model
        self.contract = try Self.planned { () throws(PlanError) in try Contracts.named(contract) }
        builder = PlanBuilder(contract: contract)
        joins = joinedAdditions()
        joined = Set(joins.values.compactMap { $0.convolution.outputs.first })
    }

    private mutating func run() throws(ModelError) {
        for id in model.inputs {
            let value = model[id]
            let type = try Self.tensorType(of: value)
            tensors[id] = builder.input(
                name: value.name, type: type, shape: Self.shape(of: value),
                quantization: type == .int8 ? try quantization(of: id) : .identity,
                isPresentedUnsigned: value.presentedType == .uint8)
        }
        for node in model.nodes {
            let place = place(of: node)
            guard let lowerable = node.operation as? any Lowerable else {
                throw unsupported(node, "an operation that plans have").at(place)
            }
            do throws(ModelError) { try lowerable.lower(node, &self) } catch { throw error.at(place) }
        }
        for id in model.outputs {
            builder.output(try tensor(id), isPresentedUnsigned: model[id].presentedType == .uint8)
        }
    }

    // MARK: for operations

    /// The tensor of a value; a constant becomes one when it is asked for.
    mutating func tensor(_ id: ValueID) throws(ModelError) -> TensorID {
        if let known = tensors[id] { return known }
        let value = model[id]
        guard case .int8(let elements) = value.constant?.elements else {
            throw .unsupported(
                .init(
                    "operand \(value.name)", expected: "int8 with a quantization",
                    found: "\(value.type) \(value.shape)", advice: Self.advice))
        }
        let quantization = try quantization(of: id)
        let made = try planned { (builder) throws(PlanError) in
            try builder.constant(
                name: value.name, shape: Self.shape(of: value), quantization: quantization, elements: elements)
        }
        tensors[id] = made
        return made
    }

    /// Operand `index` of a node, which must be there.
    mutating func input(_ node: Node, _ index: Int = 0) throws(ModelError) -> TensorID {
        guard node.inputs.indices.contains(index), let id = node.inputs[index] else {
            throw .mismatch(.init("operands", expected: "at least \(index + 1)", found: "\(node.inputs.count)"))
        }
        return try tensor(id)
    }

    mutating func set(_ id: ValueID, _ tensor: TensorID) { tensors[id] = tensor }

    /// The quantization of an int8 value with one scale.
    func quantization(of id: ValueID) throws(ModelError) -> Graph.Quantization {
        let value = model[id]
        guard let found = value.quantization, found.axis == nil, value.type == .int8 else {
            throw .unsupported(
                .init(
                    "value \(value.name)", expected: "int8 with one scale",
                    found: "\(value.type) \(value.shape)\(value.quantization == nil ? " without a scale" : "")",
                    advice: Self.advice))
        }
        return Quantization(scale: found.scales[0], zeroPoint: found.zeroPoints[0])
    }

    /// The int8 range that an activation leaves in a value.
    func clamp(_ activation: Activation, _ output: Graph.Quantization, of id: ValueID) -> ClosedRange<Int32> {
        let isUnsigned = model[id].isFromUnsigned
        func bound(_ value: Float) -> Int32 { contract.bound(value, output, isUnsigned: isUnsigned) }
        let low = activation.low.isFinite ? min(max(bound(activation.low), -128), 127) : -128
        let high = activation.high.isFinite ? min(max(bound(activation.high), -128), 127) : 127
        return low...max(high, low)
    }

    /// Calls the builder; what it finds wrong becomes an error of the model.
    mutating func planned<Result>(_ body: (inout PlanBuilder) throws(PlanError) -> Result) throws(ModelError) -> Result
    {
        do throws(PlanError) {
            return try body(&builder)
        } catch {
            throw Self.mismatch(error)
        }
    }

    /// A function of one element as the contract has it.
    func table(_ function: UnaryFunction, from input: Graph.Quantization, to output: Graph.Quantization)
        throws(ModelError) -> FunctionTable
    {
        guard let table = contract.table(function, input: input, output: output) else {
            throw .mismatch(
                .init(
                    "scales of a function of one element", expected: "a ratio that \(contract.name) can do",
                    found: "\(input.scale) to \(output.scale)"))
        }
        return table
    }

    /// The builder's part of what becomes an error of the model.
    package static func planned<Result>(_ body: () throws(PlanError) -> Result) throws(ModelError) -> Result {
        do throws(PlanError) { return try body() } catch { throw mismatch(error) }
    }

    private static func mismatch(_ error: PlanError) -> ModelError {
        let fault = ModelError.Fault(error.fault.what, expected: error.fault.expected, found: error.fault.found)
        if case .tooLarge = error { return .tooLarge(fault) }
        return .mismatch(fault)
    }

    func unsupported(_ node: Node, _ expected: String) -> ModelError {
        let operands = node.inputs.compactMap { $0 }.map { "\(model[$0].type) \(model[$0].shape)" }
        return .unsupported(
            .init(
                type(of: node.operation).name, expected: expected, found: operands.joined(separator: ", "),
                advice: Self.advice))
    }

    static let advice = "quantize the model, or run it as it is with the evaluator"

    private func place(of node: Node) -> String {
        let output = node.outputs.first.map { " -> \(model[$0].name) \(model[$0].shape)" } ?? ""
        return "node \(node.name) (\(type(of: node.operation).name))\(output)"
    }

    private static func tensorType(of value: Value) throws(ModelError) -> TensorType {
        switch value.type {
        case .int8: return .int8
        case .float32: return .float32
        default:
            throw .unsupported(
                .init(
                    "input \(value.name)", expected: "int8, uint8 or float32", found: "\(value.type) \(value.shape)",
                    advice: advice))
        }
    }

    /// A plan's tensors have a dimension at least.
    static func shape(of value: Value) -> [Int] { value.shape.isEmpty ? [1] : value.shape }
}

/// An operation that a plan computes.
protocol Lowerable: Operation {
    /// Adds its operators to the plan and says which tensors are the node's outputs.
    /// - Throws: `.unsupported` for what a plan does not compute.
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError)
}
