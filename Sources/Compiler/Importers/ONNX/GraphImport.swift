/// A graph of the file on its way into the model.
struct GraphImport {
    private let versions: [String: Int]
    private let options: ONNXFormat.Options
    private var builder: ModelBuilder
    /// What each name stands for so far.
    private var values: [String: ValueID] = [:]

    init(versions: [String: Int], options: ONNXFormat.Options, builder: ModelBuilder) {
        self.versions = versions
        self.options = options
        self.builder = builder
    }

    /// The whole graph as a model.
    mutating func model(of graph: ONNXGraph) throws(ModelError) -> Model {
        for tensor in graph.initializers { try define(tensor.name, try builder.constant(tensor.name, tensor.data)) }
        for input in graph.inputs where values[input.name] == nil { try add(input) }
        let outputs = try results(of: graph)
        return try builder.finish(outputs: outputs)
    }

    private mutating func define(_ name: String, _ id: ValueID) throws(ModelError) {
        guard values.updateValue(id, forKey: name) == nil else {
            throw .malformed(.init("name \(name)", expected: "one value of that name", found: "two"))
        }
    }

    private mutating func add(_ input: ONNXValueInfo) throws(ModelError) {
        do throws(ModelError) {
            if let known = options.constants[input.name] {
                return try define(input.name, try builder.constant(input.name, known))
            }
            guard let type = input.type else {
                throw .unsupported(.init("type", expected: "a tensor", found: "something else"))
            }
            let element = try type.required(of: "the input")
            try define(input.name, try builder.input(input.name, type: element, shape: try Self.shape(of: input)))
        } catch {
            throw error.at("input \(input.name)")
        }
    }

    /// An unknown batch is 1.
    private static func shape(of input: ONNXValueInfo) throws(ModelError) -> [Int] {
        guard let dimensions = input.shape else {
            throw .unsupported(
                .init(
                    "shape", expected: "a known one", found: "none",
                    advice: "export the model with the shapes of its inputs"))
        }
        var shape: [Int] = []
        for (index, dimension) in dimensions.enumerated() {
            switch dimension {
            case .known(let extent): shape.append(extent)
            case .unknown where index == 0: shape.append(1)
            case .unknown(let name):
                throw .unsupported(
                    .init(
                        "dimension \(index)", expected: "a known size", found: name,
                        advice: "export the model with fixed sizes; only the first may be open, and becomes 1"))
            }
        }
        return shape
    }

    /// Adds a graph's nodes, and finds what its outputs stand for.
    private mutating func results(of graph: ONNXGraph) throws(ModelError) -> [ValueID] {
        for node in graph.nodes {
            do throws(ModelError) {
                try add(node)
            } catch {
                throw error.at(node.place)
            }
        }
        var outputs: [ValueID] = []
        for output in graph.outputs { outputs.append(try value(output.name, for: "graph output")) }
        return outputs
    }

    private func value(_ name: String, for what: String) throws(ModelError) -> ValueID {
        guard let id = values[name] else {
            throw .malformed(
                .init(what, expected: "an input, an initializer or what an earlier node writes", found: name))
        }
        return id
    }

    private mutating func add(_ node: ONNXNode) throws(ModelError) {
        var inputs: [ValueID?] = []
        for name in node.inputs { inputs.append(name.isEmpty ? nil : try value(name, for: "input")) }
        // The standard's own version is checked for the whole file; other domains are often left out.
        var step = NodeImport(
            node, version: versions[node.domain] ?? 1, inputs: inputs,
            builder: ModelBuilder(name: "", limits: .init(fileBytes: 0)))
        let before = builder.model.values.count
        swap(&step.builder, &builder)
        let results: [ValueID]
        if node.domain.isEmpty, node.type == "If" {
            let branch = try Self.branch(&step)
            swap(&step.builder, &builder)
            results = try nested(branch)
        } else {
            results = try ONNXOperators.mapping(of: node)(&step)
            try step.checkAttributes()
            swap(&step.builder, &builder)
        }
        try name(results, of: node, newFrom: before)
    }

    private mutating func name(_ results: [ValueID], of node: ONNXNode, newFrom first: Int) throws(ModelError) {
        for (index, name) in node.outputs.enumerated() where !name.isEmpty {
            guard index < results.count else {
                throw .unsupported(
                    .init(
                        "output \(index) (\(name))", expected: "at most \(results.count) outputs", found: "one more",
                        advice: "leave the optional output out"))
            }
            if results[index].index >= first { builder.rename(results[index], to: name) }
            try define(name, results[index])
        }
    }

    /// The branch that a known condition takes.
    private static func branch(_ step: inout NodeImport) throws(ModelError) -> ONNXGraph {
        guard let condition = try step.known(0, "condition"), condition.elements.count == 1 else {
            throw .mismatch(.init("condition", expected: "one truth value", found: "none or several"))
        }
        return try step.graph(condition.elements.integers == [1] ? "then_branch" : "else_branch")
    }

    /// A graph within the graph: it sees all names around it, and its own end with it.
    private mutating func nested(_ graph: ONNXGraph) throws(ModelError) -> [ValueID] {
        for tensor in graph.initializers { try define(tensor.name, try builder.constant(tensor.name, tensor.data)) }
        let results = try results(of: graph)
        for tensor in graph.initializers { values[tensor.name] = nil }
        for name in graph.nodes.flatMap(\.outputs) { values[name] = nil }
        return results
    }
}
