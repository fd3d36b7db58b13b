/// A `.mwplan` file, checked from end to end and used where it lies.
///
/// Whatever the bytes are, reading them ends in a plan that is safe to run or in a ``PlanError``.
package struct Plan: Sendable {
    package let contract: any Contract.Type
    package let tensors: [Tensor]
    package let inputIDs: [TensorID]
    package let outputIDs: [TensorID]
    /// In the order in which they run: each reads only inputs of the plan and what an earlier one wrote.
    package let operators: [any Operator]
    /// What the model is (JSON), as it was attached; empty when nothing was.
    package let card: [UInt8]
    /// Golden cases that came along; 0 without a receipt.
    package let receiptCases: Int
    /// Their inputs and outputs, one after the other: a receipt is read when it is proved, not at each opening.
    private let receiptBytes: Constant<UInt8>?
    /// What vendors' compilers made of the same network, for their accelerators.
    package let vendorModels: [VendorModel]
    /// What was fitted on site to what the plan computes, opaque here; nil where nothing was.
    package let fitted: Constant<UInt8>?
    /// Length of the file and of its weights, biases and scales.
    package let fileBytes: Int
    package let constantBytes: Int

    package var inputs: [Tensor] { inputIDs.map { tensors[$0.index] } }
    package var outputs: [Tensor] { outputIDs.map { tensors[$0.index] } }
    /// Elements of all inputs, and of all outputs, together.
    package var inputCount: Int { inputs.reduce(0) { $0 + $1.elementCount } }
    package var outputCount: Int { outputs.reduce(0) { $0 + $1.elementCount } }
    /// Bytes of all inputs, and of all outputs, together.
    package var inputBytes: Int { inputs.reduce(0) { $0 + $1.byteCount } }
    package var outputBytes: Int { outputs.reduce(0) { $0 + $1.byteCount } }
    /// Multiplications with a weight, for one inference.
    package var multiplyAdds: Int { operators.reduce(0) { $0 + $1.multiplyAdds } }

    /// Checks a file and looks at it where it lies; copies nothing of its constants.
    ///
    /// - Parameter bytes: must stay alive and unchanged as long as this plan or anything taken from it is used: a
    ///   private, read-only mapping of a file that is replaced by renaming and never written in place, or an array.
    /// - Parameter contracts: those that the plan may name.
    /// - Throws: what was expected, what came, and at which byte.
    package init(bytes: UnsafeRawBufferPointer, contracts: [any Contract.Type] = Contracts.all) throws(PlanError) {
        let sections = try SectionTable(bytes)
        try sections.expectPlan()
        // SAFETY: the caller keeps `bytes` alive and unchanged, as said above; what is kept of them is in Constant.
        let constants = sections[.constants] ?? UnsafeRawBufferPointer(start: nil, count: 0)
        var reader = ByteReader(
            sections[.graph] ?? UnsafeRawBufferPointer(start: nil, count: 0), origin: sections.offset(of: .graph))

        let contractOffset = reader.offset
        contract = try Contracts.named(try reader.string("contract"), among: contracts, at: contractOffset)
        tensors = try Self.tensors(&reader, constants)
        inputIDs = try Self.ids(&reader, "inputs", tensors.count)
        let outputsOffset = reader.offset
        outputIDs = try Self.ids(&reader, "outputs", tensors.count)
        let operatorsOffset = reader.offset
        operators = try Self.operators(&reader, tensors, contract, constants)
        try reader.end("graph section")
        try Self.checkFlow(
            tensors, inputIDs, outputIDs, operators, outputsOffset: outputsOffset, operatorsOffset: operatorsOffset)

        card = sections[.card].map(Array.init) ?? []
        if let section = sections[.receipt] {
            (receiptCases, receiptBytes) = try Self.receipt(
                section, origin: sections.offset(of: .receipt), inputBytes: Self.bytes(inputIDs, tensors),
                outputBytes: Self.bytes(outputIDs, tensors))
        } else {
            (receiptCases, receiptBytes) = (0, nil)
        }
        vendorModels =
            try sections[.vendorModels].map { section throws(PlanError) in
                try VendorModel.all(section, origin: sections.offset(of: .vendorModels))
            } ?? []
        fitted = sections[.fitted].map { Constant(bytes: $0) }
        fileBytes = bytes.count
        constantBytes = constants.count
    }

    private static func bytes(_ ids: [TensorID], _ tensors: [Tensor]) -> Int {
        ids.reduce(0) { $0 + tensors[$1.index].byteCount }
    }

    private static func tensors(_ reader: inout ByteReader, _ constants: UnsafeRawBufferPointer) throws(PlanError)
        -> [Tensor]
    {
        let count = try reader.count("number of tensors", in: 1...PlanFormat.maximumTensors)
        var tensors: [Tensor] = []
        var elements = 0
        for index in 0..<count {
            let name = try reader.string("name of tensor \(index)")
            let typeOffset = reader.offset
            let typeCode = try reader.uint32("type of \(name)")
            guard let type = TensorType(rawValue: typeCode) else {
                throw .malformed(
                    .init("type of \(name)", expected: "0, 1 or 2", found: "\(typeCode)", offset: typeOffset))
            }
            let rank = try reader.count("rank of \(name)", in: 1...PlanFormat.maximumRank)
            var shape: [Int] = []
            var product = 1
            for axis in 0..<rank {
                let start = reader.offset
                // At most 2^26 each and in sum, so that a product of two never leaves 64 bits.
                let size = try reader.count("dimension \(axis) of \(name)", in: 1...PlanFormat.maximumElements)
                product *= size
                guard product + elements <= PlanFormat.maximumElements else {
                    throw .tooLarge(
                        .init(
                            "elements of all tensors", expected: "at most \(PlanFormat.maximumElements)",
                            found: "\(product + elements) or more", offset: start))
                }
                shape.append(size)
            }
            elements += product
            let start = reader.offset
            let scale = try reader.float("scale of \(name)")
            let zeroPoint = Int32(bitPattern: try reader.uint32("zero point of \(name)"))
            guard scale.isFinite, scale > 0 else {
                throw .malformed(
                    .init("scale of \(name)", expected: "a finite number above 0", found: "\(scale)", offset: start))
            }
            guard (-128...127).contains(zeroPoint) else {
                throw .malformed(
                    .init("zero point of \(name)", expected: "-128...127", found: "\(zeroPoint)", offset: start + 4))
            }
            var tensor = Tensor(
                name: name, type: type, shape: shape, quantization: .init(scale: scale, zeroPoint: zeroPoint))
            tensor.isPresentedUnsigned =
                try reader.count("presentation of \(name)", in: 0...(type == .int8 ? 1 : 0)) == 1
            if try reader.count("storage of \(name)", in: 0...1) == 1 {
                tensor.constant = try Constant(&reader, constants, "elements of \(name)", count: tensor.byteCount)
            }
            tensors.append(tensor)
        }
        return tensors
    }

    private static func ids(_ reader: inout ByteReader, _ what: String, _ tensorCount: Int) throws(PlanError)
        -> [TensorID]
    {
        let count = try reader.count("number of \(what)", in: 1...tensorCount)
        var ids: [TensorID] = []
        for _ in 0..<count { ids.append(TensorID(index: try reader.count(what, in: 0...tensorCount - 1))) }
        return ids
    }

    private static func operators(
        _ reader: inout ByteReader, _ tensors: [Tensor], _ contract: any Contract.Type,
        _ constants: UnsafeRawBufferPointer
    ) throws(PlanError) -> [any Operator] {
        let count = try reader.count("number of operators", in: 1...PlanFormat.maximumOperators)
        var operators: [any Operator] = []
        var work = 0
        for index in 0..<count {
            let start = reader.offset
            let type = try Operators.type(code: try reader.uint32("operator \(index)"), at: start)
            let wiring = Wiring(
                inputs: try Self.ids(&reader, "inputs of operator \(index)", tensors.count),
                outputs: try Self.ids(&reader, "outputs of operator \(index)", tensors.count))
            let length = try reader.count("length of operator \(index)", in: 0...PlanFormat.Section.graph.maximumBytes)
            let origin = reader.offset
            let body = try reader.take(length, "operator \(index)")
            var decoder = OperatorDecoder(
                reader: ByteReader(body, origin: origin), wiring: wiring, tensors: tensors, contract: contract,
                constants: constants)
            let node = try type.init(from: &decoder)
            try decoder.reader.end("operator \(index)")
            work += node.multiplyAdds
            guard work <= PlanFormat.maximumMultiplyAdds else {
                throw .tooLarge(
                    .init(
                        "multiplications of the plan", expected: "at most \(PlanFormat.maximumMultiplyAdds)",
                        found: "\(work) or more", offset: start))
            }
            operators.append(node)
        }
        return operators
    }

    /// Every tensor is written exactly once, before it is read, and is read or comes out.
    private static func checkFlow(
        _ tensors: [Tensor], _ inputs: [TensorID], _ outputs: [TensorID], _ operators: [any Operator],
        outputsOffset: Int, operatorsOffset: Int
    ) throws(PlanError) {
        var isWritten = [Bool](repeating: false, count: tensors.count)
        var isRead = isWritten
        func write(_ id: TensorID, _ offset: Int) throws(PlanError) {
            guard !isWritten[id.index] else {
                throw .malformed(
                    .init("writers of \(tensors[id.index].name)", expected: "1", found: "2 or more", offset: offset))
            }
            isWritten[id.index] = true
        }
        func read(_ id: TensorID, _ offset: Int) throws(PlanError) {
            guard isWritten[id.index] else {
                throw .malformed(
                    .init(tensors[id.index].name, expected: "written before it is read", found: "not", offset: offset))
            }
            isRead[id.index] = true
        }
        for (index, tensor) in tensors.enumerated() where tensor.constant != nil {
            try write(TensorID(index: index), outputsOffset)
        }
        for id in inputs { try write(id, outputsOffset) }
        for node in operators {
            for id in node.inputs { try read(id, operatorsOffset) }
            for id in node.outputs { try write(id, operatorsOffset) }
        }
        var isOutput = [Bool](repeating: false, count: tensors.count)
        for id in outputs {
            guard !isOutput[id.index] else {
                throw .malformed(
                    .init(
                        "outputs", expected: "each once", found: "\(tensors[id.index].name) twice",
                        offset: outputsOffset)
                )
            }
            isOutput[id.index] = true
            try read(id, outputsOffset)
        }
        if let unused = isRead.firstIndex(of: false) {
            throw .malformed(
                .init(
                    tensors[unused].name, expected: "read by an operator or an output", found: "neither",
                    offset: outputsOffset))
        }
    }

    private static func receipt(_ section: UnsafeRawBufferPointer, origin: Int, inputBytes: Int, outputBytes: Int)
        throws(PlanError) -> (cases: Int, bytes: Constant<UInt8>)
    {
        var reader = ByteReader(section, origin: origin)
        let count = try reader.count("cases of the receipt", in: 1...PlanFormat.maximumCases)
        _ = try reader.count("input size of the receipt", in: inputBytes...inputBytes)
        _ = try reader.count("output size of the receipt", in: outputBytes...outputBytes)
        // At most 2^12 cases of 2^17 tensors of 2^28 bytes: 2^57 fits.
        let bytes = try reader.take(count * (inputBytes + outputBytes), "cases of the receipt")
        try reader.end("receipt")
        return (count, Constant(bytes: bytes))
    }

    /// The golden cases, copied out of the file; nil when none came along.
    package var receipt: Receipt? {
        guard let bytes = receiptBytes?.array else { return nil }
        let (input, output) = (inputBytes, outputBytes)
        return Receipt(
            cases: stride(from: 0, to: bytes.count, by: input + output).map { start in
                .init(
                    input: Array(bytes[start..<start + input]),
                    output: Array(bytes[start + input..<start + input + output]))
            })
    }
}
