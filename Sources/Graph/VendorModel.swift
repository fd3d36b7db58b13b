/// A model that a chip vendor's compiler has made of the same network as a plan: it travels in the plan's file, so that
/// one digest and one signature stand for both, and the CPU can take over at any time.
package struct VendorModel: Sendable {
    /// Which library loads it: `rknn`, `acl`, `bmrt`, `cvi`.
    package var interface: String
    /// The profile that it was made for: `rk3588`.
    package var chip: String
    /// What made it: `rknn-toolkit2 2.5.0`.
    package var toolchain: String
    package var agreement: Agreement
    /// The vendor's file, 1 byte at least.
    package var bytes: Constant<UInt8>

    /// What the vendor's simulator answered to the plan's golden inputs, beside what the plan computes.
    package struct Agreement: Hashable, Sendable {
        package var cases: Int
        /// Of all outputs of all cases, and how many of them are equal.
        package var elements: Int
        package var equalElements: Int
        /// In the case that differs most.
        package var mostDifferingElements: Int
        /// In steps of the outputs' scales.
        package var largestDifference: Int
        /// Cases whose largest output is the same element.
        package var topOneEqual: Int

        package init(
            cases: Int, elements: Int, equalElements: Int, mostDifferingElements: Int, largestDifference: Int,
            topOneEqual: Int
        ) {
            self.cases = cases
            self.elements = elements
            self.equalElements = equalElements
            self.mostDifferingElements = mostDifferingElements
            self.largestDifference = largestDifference
            self.topOneEqual = topOneEqual
        }

        /// - Throws: for counts that cannot be true together.
        init(_ reader: inout ByteReader, _ what: String) throws(PlanError) {
            func number(_ name: String, atMost most: Int) throws(PlanError) -> Int {
                try reader.count("\(name) of \(what)", in: 0...most)
            }
            cases = try reader.count("cases of \(what)", in: 1...PlanFormat.maximumCases)
            elements = try reader.count("elements of \(what)", in: cases...Int(Int32.max))
            equalElements = try number("equal elements", atMost: elements)
            mostDifferingElements = try number("differing elements of a case", atMost: elements - equalElements)
            largestDifference = try number("largest difference", atMost: equalElements == elements ? 0 : 255)
            topOneEqual = try number("equal largest outputs", atMost: cases)
        }

        fileprivate func write(to writer: inout ByteWriter) {
            for number in [cases, elements, equalElements, mostDifferingElements, largestDifference, topOneEqual] {
                writer.count(number)
            }
        }
    }

    /// Ours are far below: a plan is made for a handful of chips.
    static let maximumModels = 64
    /// Each file begins on a cache line of the section.
    static let alignment = 64

    /// Reads the section: the descriptions of all, then their files.
    static func all(_ section: UnsafeRawBufferPointer, origin: Int) throws(PlanError) -> [VendorModel] {
        var reader = ByteReader(section, origin: origin)
        var models: [VendorModel] = []
        var lengths: [Int] = []
        for number in 1...(try reader.count("number of vendors' models", in: 1...maximumModels)) {
            let what = "vendor's model \(number)"
            let interface = try reader.string("interface of \(what)")
            let chip = try reader.string("chip of \(what)")
            let start = reader.offset
            let toolchain = try reader.string("toolchain of \(what)")
            let agreement = try Agreement(&reader, what)
            lengths.append(
                try reader.count("length of \(what)", in: 1...PlanFormat.Section.vendorModels.maximumBytes))
            guard !models.contains(where: { $0.interface == interface && $0.chip == chip }) else {
                throw .malformed(
                    .init(what, expected: "one \(interface) model for \(chip)", found: "two", offset: start))
            }
            models.append(
                VendorModel(
                    interface: interface, chip: chip, toolchain: toolchain, agreement: agreement,
                    bytes: Constant(bytes: UnsafeRawBufferPointer(start: nil, count: 0))))
        }
        for (index, length) in lengths.enumerated() {
            let gap = PlanFormat.aligned(reader.offset - origin, to: alignment) - (reader.offset - origin)
            let start = reader.offset
            guard try reader.take(gap, "vendor's model \(index + 1)").allSatisfy({ $0 == 0 }) else {
                throw .malformed(
                    .init("padding before vendor's model \(index + 1)", expected: "0", found: "other", offset: start))
            }
            models[index].bytes = Constant(bytes: try reader.take(length, "vendor's model \(index + 1)"))
        }
        try reader.end("vendors' models")
        return models
    }

    static func section(_ models: [VendorModel]) -> [UInt8] {
        var writer = ByteWriter()
        writer.count(models.count)
        for model in models {
            for word in [model.interface, model.chip, model.toolchain] { writer.string(word) }
            model.agreement.write(to: &writer)
            writer.count(model.bytes.count)
        }
        for model in models {
            writer.pad(to: alignment)
            writer.raw(model.bytes.bytes)
        }
        return writer.bytes
    }
}

extension Plan {
    /// The same plan's file with a vendor's model in it; one that was there for the same chip and interface goes.
    ///
    /// - Parameter file: the bytes that this plan was made of.
    /// - Parameter bytes: the vendor's file.
    /// - Throws: whatever ``Plan/init(bytes:)`` would find wrong with the result.
    package func file(
        _ file: UnsafeRawBufferPointer, with model: [UInt8], interface: String, chip: String, toolchain: String,
        agreement: VendorModel.Agreement
    ) throws(PlanError) -> [UInt8] {
        let table = try SectionTable(file)
        // SAFETY: `memory` holds the new model's bytes until the section is written.
        let memory = PlanMemory(copying: model)
        let kept = vendorModels.filter { $0.interface != interface || $0.chip != chip }
        let added = VendorModel(
            interface: interface, chip: chip, toolchain: toolchain, agreement: agreement,
            bytes: Constant(bytes: memory.bytes))
        let section = withExtendedLifetime(memory) { VendorModel.section(kept + [added]) }
        let sections = PlanFormat.Section.allCases.compactMap { kind in
            (kind == .vendorModels ? section : table[kind].map(Array.init)).map { (kind.rawValue, kind.alignment, $0) }
        }
        let result = PlanFormat.file(of: sections)
        try result.withUnsafeBytes { file in Result { () throws(PlanError) in _ = try Plan(bytes: file) } }.get()
        return result
    }
}
