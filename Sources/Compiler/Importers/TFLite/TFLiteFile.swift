/// What the importer reads of a `.tflite` file: the rows of its one subgraph, checked against the file but not yet
/// against each other.
///
/// - Source: TensorFlow Lite `schema.fbs`, version 3; the numbers are the fields' slots in their tables.
struct TFLiteFile {
    let buffer: FlatBuffer
    /// Names of operator kinds: "CONV_2D", or "CUSTOM" with the name that the file gives.
    var kinds: [Kind] = []
    /// Where each constant's bytes lie; nil for a buffer without bytes.
    var constants: [Range<Int>?] = []
    var tensors: [TFLiteTensor] = []
    var operators: [Operator] = []
    var inputs: [Int] = []
    var outputs: [Int] = []

    struct Kind {
        var name: String
        /// What the file calls an operator that is not built in.
        var customName: String?
    }

    struct Operator {
        var number: Int
        var kind: Kind
        /// Tensors by number; nil where an optional one is left out.
        var inputs: [Int?]
        var outputs: [Int]
        /// Which table of the schema `options` is; 0 for none.
        var optionsType: Int
        var options: FlatTable?

        /// "node 3 (CONV_2D)".
        var place: String { "node \(number) (\(kind.customName ?? kind.name))" }
    }

    /// - Parameter bytes: a whole file, less than 2 GiB.
    init(_ bytes: [UInt8]) throws(ModelError) {
        guard bytes.count < Int(Int32.max) else {
            throw .tooLarge(.init("file", expected: "less than 2 GiB", found: "\(bytes.count) bytes"))
        }
        buffer = FlatBuffer(bytes, budget: Self.budgetFloor + Self.budgetFactor * bytes.count)
        let model = try buffer.root("Model", identifier: Self.identifier)
        let version = try model.number("version", 0, default: UInt32(0))
        guard version == 3 else {
            throw .unsupported(
                .init(
                    "version of the schema", expected: "3", found: "\(version)",
                    advice: "convert the model again with a current TensorFlow Lite converter"))
        }
        kinds = try model.tables("operator_codes", 1, each: "OperatorCode", limit: Self.maximumRows).map(Self.kind)
        constants = try model.tables("buffers", 4, each: "Buffer", limit: Self.maximumRows).map(Self.extent)
        let subgraphs = try model.tables("subgraphs", 2, each: "SubGraph", limit: Self.maximumRows)
        guard let subgraph = subgraphs.first else {
            throw .malformed(.init("subgraphs", expected: "1", found: "0", place: "byte \(model.position)"))
        }
        guard subgraphs.count == 1 else {
            throw .unsupported(
                .init(
                    "subgraphs", expected: "1", found: "\(subgraphs.count)",
                    advice: "control flow (WHILE, IF) makes a subgraph of each branch: convert the model without it,"
                        + " for recurrent Keras layers with unroll=True"))
        }
        try read(subgraph)
    }

    private mutating func read(_ subgraph: FlatTable) throws(ModelError) {
        for (number, table) in try subgraph.tables("tensors", 0, each: "Tensor", limit: Self.maximumRows).enumerated() {
            tensors.append(try TFLiteTensor(table, number: number))
        }
        inputs = try tensorNumbers(subgraph.numbers("inputs", 1, of: Int32.self), "inputs of the model")
        outputs = try tensorNumbers(subgraph.numbers("outputs", 2, of: Int32.self), "outputs of the model")
        let rows = try subgraph.tables("operators", 3, each: "Operator", limit: Self.maximumRows)
        for (number, row) in rows.enumerated() {
            let code = Int(try row.number("opcode_index", 0, default: UInt32(0)))
            guard code < kinds.count else {
                throw .malformed(
                    .init("\(row.name).opcode_index", expected: "less than \(kinds.count)", found: "\(code)"))
            }
            operators.append(try readOperator(row, number, kinds[code]))
        }
    }

    private func readOperator(_ row: FlatTable, _ number: Int, _ kind: Kind) throws(ModelError) -> Operator {
        var inputs: [Int?] = []
        for tensor in try row.numbers("inputs", 1, of: Int32.self) ?? [] {
            inputs.append(tensor == -1 ? nil : try tensorNumber(tensor, "\(row.name).inputs"))
        }
        return Operator(
            number: number, kind: kind, inputs: inputs,
            outputs: try tensorNumbers(row.numbers("outputs", 2, of: Int32.self), "\(row.name).outputs"),
            optionsType: Int(try row.number("builtin_options_type", 3, default: UInt8(0))),
            options: try row.table("builtin_options", 4))
    }

    private func tensorNumbers(_ numbers: [Int32]?, _ what: String) throws(ModelError) -> [Int] {
        var checked: [Int] = []
        for number in numbers ?? [] { checked.append(try tensorNumber(number, what)) }
        return checked
    }

    private func tensorNumber(_ number: Int32, _ what: String) throws(ModelError) -> Int {
        guard number >= 0, number < tensors.count else {
            throw .malformed(.init(what, expected: "tensors 0..<\(tensors.count)", found: "tensor \(number)"))
        }
        return Int(number)
    }

    private static func kind(_ table: FlatTable) throws(ModelError) -> Kind {
        // Old files have the code in a byte, in which all new codes read as 127.
        let code = max(try table.byte("deprecated_builtin_code", 0), try table.int("builtin_code", 3))
        let name = TFLiteOperators.name(of: code)
        return Kind(name: name, customName: name == "CUSTOM" ? try table.string("custom_code", 1) ?? "?" : nil)
    }

    private static func extent(_ table: FlatTable) throws(ModelError) -> Range<Int>? {
        // Since 2023 a file above 2 GiB keeps its buffers behind the tables, and says where with 64 bits.
        guard try table.number("offset", 1, default: UInt64(0)) <= 1 else {
            throw .unsupported(
                .init(
                    "\(table.name).offset", expected: "a buffer within the tables", found: "one behind them",
                    advice: "only files below 2 GiB are read"))
        }
        guard let range = try table.extent("data", 0, stride: 1), !range.isEmpty else { return nil }
        return range
    }

    static let identifier = "TFL3"

    /// Tensors, operators, buffers of one file: ten times what the largest networks for edge boxes have.
    private static let maximumRows = 1 << 17

    /// How much is read or made of a file: weights of four bits become float32 at eight times their size, once as they
    /// are and once more in another layout.
    private static let budgetFactor = 24

    /// What a file may take however small it is: the nodes of an unrolled recurrent layer come from two small tables.
    private static let budgetFloor = 1 << 22
}
