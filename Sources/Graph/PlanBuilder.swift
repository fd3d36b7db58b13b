/// Writes a plan, operator by operator in the order in which they run.
package struct PlanBuilder {
    private let contract: String
    private var tensors: [Tensor] = []
    private var inputs: [TensorID] = []
    private var outputs: [TensorID] = []
    private var operators: [(code: UInt32, body: [UInt8])] = []
    private var constants = ByteWriter()
    private var card: [UInt8] = []
    private var receipt: Receipt?

    /// - Parameter contract: a name from ``Contracts/all``: `tflite`.
    package init(contract: String) { self.contract = contract }

    /// Declares an input of the plan.
    package mutating func input(name: String, shape: [Int], quantization: Quantization) -> TensorID {
        let id = tensor(name: name, shape: shape, quantization: quantization)
        inputs.append(id)
        return id
    }

    /// Declares an output of the plan.
    package mutating func output(_ tensor: TensorID) { outputs.append(tensor) }

    /// Takes along what the model is (JSON); not read here.
    /// - Parameter card: at most 1 MiB.
    package mutating func attach(card: [UInt8]) { self.card = card }

    /// Takes along golden inputs with their outputs; see ``receipt(goldenInputs:)`` for making them.
    package mutating func attach(receipt: Receipt) { self.receipt = receipt }

    /// Computes what must come out of each golden input, by reference arithmetic.
    /// - Parameter goldenInputs: 1...4096 cases, each all inputs of the plan one after the other.
    /// - Throws: what ``encode()`` throws, and for a case of the wrong size.
    package func receipt(goldenInputs: [[Int8]]) throws(PlanError) -> Receipt {
        var bare = self
        bare.receipt = nil
        let bytes = bare.layOut()
        // A closure here would lose the typed throw, so the outcome is carried out of it.
        return try bytes.withUnsafeBytes { file in
            Result { () throws(PlanError) in
                let plan = try Plan(bytes: file)
                var cases: [Receipt.Case] = []
                for input in goldenInputs { cases.append(.init(input: input, output: try plan.reference(input))) }
                return Receipt(cases: cases)
            }
        }.get()
    }

    /// The bytes of the `.mwplan` file. The same calls give the same bytes.
    /// - Throws: whatever ``Plan/init(bytes:)`` would find wrong with them.
    package func encode() throws(PlanError) -> [UInt8] {
        let bytes = layOut()
        try bytes.withUnsafeBytes { file in Result { () throws(PlanError) in _ = try Plan(bytes: file) } }.get()
        return bytes
    }

    // MARK: for operators

    package mutating func tensor(name: String?, shape: [Int], quantization: Quantization) -> TensorID {
        let id = TensorID(index: tensors.count)
        tensors.append(Tensor(name: name ?? "t\(id.index)", shape: shape, quantization: quantization))
        return id
    }

    package func shape(of id: TensorID) throws(PlanError) -> [Int] {
        guard tensors.indices.contains(id.index) else {
            throw .malformed(.init("tensor", expected: "0..<\(tensors.count)", found: "\(id.index)"))
        }
        return tensors[id.index].shape
    }

    package func expect(_ count: Int, _ wanted: Int, _ what: String) throws(PlanError) {
        guard count == wanted else { throw .malformed(.init(what, expected: "\(wanted)", found: "\(count)")) }
    }

    /// Stores constants; the same bytes twice are stored twice.
    package mutating func constant(_ bytes: [UInt8]) -> (offset: Int, length: Int) {
        constants.pad(to: PlanFormat.constantAlignment)
        let offset = constants.bytes.count
        constants.raw(bytes)
        return (offset, bytes.count)
    }

    package mutating func append(code: UInt32, body: ByteWriter) { operators.append((code, body.bytes)) }

    // MARK: layout

    private func layOut() -> [UInt8] {
        var sections: [(kind: PlanFormat.Section, bytes: [UInt8])] = [
            (.graph, graphSection()), (.constants, constants.bytes),
        ]
        if !card.isEmpty { sections.append((.card, card)) }
        if let receipt { sections.append((.receipt, Self.receiptSection(receipt))) }
        return PlanFormat.file(of: sections.map { ($0.kind.rawValue, $0.kind.alignment, $0.bytes) })
    }

    private func graphSection() -> [UInt8] {
        var writer = ByteWriter()
        writer.string(contract)
        writer.count(tensors.count)
        for tensor in tensors {
            writer.string(tensor.name)
            writer.count(tensor.shape.count)
            for dimension in tensor.shape { writer.uint32(UInt32(clamping: dimension)) }
            writer.float(tensor.quantization.scale)
            writer.uint32(UInt32(bitPattern: tensor.quantization.zeroPoint))
        }
        for list in [inputs, outputs] {
            writer.count(list.count)
            for id in list { writer.count(id.index) }
        }
        writer.count(operators.count)
        for (code, body) in operators {
            writer.uint32(code)
            writer.count(body.count)
            writer.raw(body)
        }
        return writer.bytes
    }

    private static func receiptSection(_ receipt: Receipt) -> [UInt8] {
        var writer = ByteWriter()
        writer.count(receipt.cases.count)
        writer.count(receipt.cases.first?.input.count ?? 0)
        writer.count(receipt.cases.first?.output.count ?? 0)
        for one in receipt.cases {
            writer.raw(one.input.lazy.map(UInt8.init(bitPattern:)))
            writer.raw(one.output.lazy.map(UInt8.init(bitPattern:)))
        }
        return writer.bytes
    }
}

extension PlanFormat {
    /// Lays sections out with their table and checksums.
    package static func file(of sections: [(kind: UInt32, alignment: Int, bytes: [UInt8])]) -> [UInt8] {
        let tableEnd = entriesOffset + sections.count * entryBytes + 4
        var offset = tableEnd
        var offsets: [Int] = []
        for section in sections {
            offset = aligned(offset, to: section.alignment)
            offsets.append(offset)
            offset += section.bytes.count
        }
        var writer = ByteWriter()
        writer.raw(magic)
        writer.uint32(version)
        writer.count(sections.count)
        writer.uint64(UInt64(offset))
        for (section, offset) in zip(sections, offsets) {
            writer.uint32(section.kind)
            writer.uint32(CRC32C.checksum(section.bytes))
            writer.uint64(UInt64(offset))
            writer.uint64(UInt64(section.bytes.count))
        }
        writer.uint32(CRC32C.checksum(writer.bytes))
        for section in sections {
            writer.pad(to: section.alignment)
            writer.raw(section.bytes)
        }
        return writer.bytes
    }
}
