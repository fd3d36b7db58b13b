internal import Checksum

/// Writes a plan, operator by operator in the order in which they run.
package struct PlanBuilder {
    let contract: String
    let contracts: [any Contract.Type]
    private(set) var tensors: [Tensor] = []
    /// Tensors that are constants: where their elements lie.
    private var constantTensors: [Int: (offset: Int, length: Int)] = [:]
    private var inputs: [TensorID] = []
    private var outputs: [TensorID] = []
    private var operators: [(code: UInt32, wiring: Wiring, body: [UInt8])] = []
    private var constants = ByteWriter()
    private var card: [UInt8] = []
    private var receipt: Receipt?

    /// - Parameter contract: a name among those of `contracts`: `tflite`.
    package init(contract: String, among contracts: [any Contract.Type] = Contracts.all) {
        self.contract = contract
        self.contracts = contracts
    }

    /// Declares an input of the plan.
    /// - Parameter isPresentedUnsigned: the world outside hands in uint8, element + 128.
    package mutating func input(
        name: String, type: TensorType = .int8, shape: [Int], quantization: Quantization,
        isPresentedUnsigned: Bool = false
    ) -> TensorID {
        let id = tensor(name: name, type: type, shape: shape, quantization: quantization)
        tensors[id.index].isPresentedUnsigned = isPresentedUnsigned
        inputs.append(id)
        return id
    }

    /// Declares an output of the plan.
    /// - Parameter isPresentedUnsigned: the world outside gets uint8, element + 128.
    package mutating func output(_ tensor: TensorID, isPresentedUnsigned: Bool = false) {
        if isPresentedUnsigned { tensors[tensor.index].isPresentedUnsigned = true }
        outputs.append(tensor)
    }

    /// Declares an int8 operand whose elements are part of the plan.
    package mutating func constant(name: String, shape: [Int], quantization: Quantization, elements: [Int8])
        throws(PlanError) -> TensorID
    {
        try expect(elements.count, shape.reduce(1, *), "elements of \(name)")
        let id = tensor(name: name, shape: shape, quantization: quantization)
        constants.pad(to: PlanFormat.constantAlignment)
        constantTensors[id.index] = (constants.bytes.count, elements.count)
        constants.raw(elements.lazy.map(UInt8.init(bitPattern:)))
        return id
    }

    /// Takes along what the model is (JSON); not read here.
    /// - Parameter card: at most 1 MiB.
    package mutating func attach(card: [UInt8]) { self.card = card }

    /// Takes along golden inputs with their outputs; see ``receipt(goldenInputs:)`` for making them.
    package mutating func attach(receipt: Receipt) { self.receipt = receipt }

    /// Computes what must come out of each golden input, by reference arithmetic.
    /// - Parameter goldenInputs: 1...4096 cases, each the bytes of all inputs of the plan
    ///   one after the other, as the world outside sees them.
    /// - Throws: what ``encode()`` throws, and for a case of the wrong size.
    package func receipt(goldenInputs: [[UInt8]]) throws(PlanError) -> Receipt {
        var bare = self
        bare.receipt = nil
        let bytes = bare.layOut()
        // A closure here would lose the typed throw, so the outcome is carried out of it.
        return try bytes.withUnsafeBytes { file in
            Result { () throws(PlanError) in
                let plan = try Plan(bytes: file, contracts: contracts)
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
        try bytes.withUnsafeBytes { file in
            Result { () throws(PlanError) in _ = try Plan(bytes: file, contracts: contracts) }
        }.get()
        return bytes
    }

    // MARK: for operators

    package mutating func tensor(
        name: String?, type: TensorType = .int8, shape: [Int], quantization: Quantization
    ) -> TensorID {
        let id = TensorID(index: tensors.count)
        let name = name.map(Self.plain) ?? ""
        tensors.append(
            Tensor(name: name.isEmpty ? "t\(id.index)" : name, type: type, shape: shape, quantization: quantization))
        return id
    }

    /// A name as a plan can hold it: converters join the names of all that they fused, and the last says most.
    package static func plain(_ name: String) -> String {
        let printable = String(String.UnicodeScalarView(name.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        guard printable.utf8.count > PlanFormat.maximumNameBytes else { return printable }
        let last = printable.split(separator: ";").last.map(String.init) ?? printable
        var kept = last[...]
        while kept.utf8.count > PlanFormat.maximumNameBytes { kept = kept.dropFirst() }
        return String(kept)
    }

    package func shape(of id: TensorID) throws(PlanError) -> [Int] {
        guard tensors.indices.contains(id.index) else {
            throw .malformed(.init("tensor", expected: "0..<\(tensors.count)", found: "\(id.index)"))
        }
        return tensors[id.index].shape
    }

    /// Of a tensor that this builder has made.
    package func quantization(of id: TensorID) -> Quantization { tensors[id.index].quantization }

    package func elementCount(of id: TensorID) -> Int { tensors[id.index].elementCount }

    package func expect(_ count: Int, _ wanted: Int, _ what: String) throws(PlanError) {
        guard count == wanted else { throw .malformed(.init(what, expected: "\(wanted)", found: "\(count)")) }
    }

    mutating func append<Kind: Operator>(
        _: Kind.Type, _ inputs: [TensorID], _ outputs: [TensorID], _ encode: (inout OperatorEncoder) -> Void
    ) {
        // Handed over and taken back, so that megabytes of constants are not copied for each operator.
        var encoder = OperatorEncoder(constants: constants)
        constants = ByteWriter()
        encode(&encoder)
        constants = encoder.constants
        operators.append((Kind.code, Wiring(inputs: inputs, outputs: outputs), encoder.body.bytes))
    }

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
        for (index, tensor) in tensors.enumerated() {
            writer.string(tensor.name)
            writer.uint32(tensor.type.rawValue)
            writer.count(tensor.shape.count)
            for dimension in tensor.shape { writer.uint32(UInt32(clamping: dimension)) }
            writer.float(tensor.quantization.scale)
            writer.uint32(UInt32(bitPattern: tensor.quantization.zeroPoint))
            writer.uint32(tensor.isPresentedUnsigned ? 1 : 0)
            writer.uint32(constantTensors[index] == nil ? 0 : 1)
            if let place = constantTensors[index] {
                writer.uint64(UInt64(place.offset))
                writer.uint64(UInt64(place.length))
            }
        }
        for list in [inputs, outputs] {
            writer.count(list.count)
            for id in list { writer.count(id.index) }
        }
        writer.count(operators.count)
        for (code, wiring, body) in operators {
            writer.uint32(code)
            for list in [wiring.inputs, wiring.outputs] {
                writer.count(list.count)
                for id in list { writer.count(id.index) }
            }
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
            writer.raw(one.input)
            writer.raw(one.output)
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
