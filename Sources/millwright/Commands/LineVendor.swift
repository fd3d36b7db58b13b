import ArgumentParser
import Arrays
import Compiler
import Graph
import Profiles
import Runtime
import Store

struct LineVendor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vendor",
        abstract: "Compile a model with the chip vendor's own tool and compare it with the plan.",
        discussion: """
            The vendor's tool comes from PyPI into a Python environment of its own: 5 to 8 GB, ten minutes or more, once. \
            It gets the float model, the calibration inputs and the ranges of the plan's tensors; its simulator then runs \
            the golden inputs of the plan's receipt, and what it answers is compared with the receipt, element by element.

            The plan is what `millwright model quantize FLOAT --profile CHIP` made of the same file. Where its weights were \
            moved (equalization, bias correction) the tool computes another network: make the plan with \
            --no-equalization --no-bias-correction to compare arithmetic alone.

            With --output the vendor's file and the agreement go into a copy of the plan. No board is asked.
            """)

    @Argument(help: "The float model: .onnx.", completion: .file(extensions: ["onnx"]))
    var model: String

    @Option(help: "The int8 plan of the same model, with a receipt.", completion: .file(extensions: ["mwplan"]))
    var plan: String

    @Option(help: "The chip: a name that `millwright profiles list` prints.")
    var profile: String

    @OptionGroup var place: ProfilesOption

    @Option(help: "Calibration inputs: PATH, or NAME=PATH where the model has several inputs; as for `model quantize`.")
    var calibration: [String]

    @Option(help: "What elements of the .npy files are multiplied by, once the offset is taken off.")
    var scale: Float = 1

    @Option(help: "What is taken off elements of the .npy files first.")
    var offset: Float = 0

    @Option(help: "Folder of the Python environment; in the user's cache unless given.", completion: .directory)
    var venv: String?

    @Option(help: "The Python that the environment is made with; looked for on PATH unless given.", completion: .file())
    var python: String?

    @Option(help: "Folder that the tool works in, kept; the plan's name with .CHIP.work unless given.")
    var work: String?

    @Option(help: "Where the plan with the vendor's file beside it goes.", completion: .file(extensions: ["mwplan"]))
    var output: String?

    @Flag(help: "Print as JSON.")
    var json = false

    private struct Report: Encodable {
        var chip: String
        var toolchain: String
        var interface: String
        var file: String
        var file_bytes: Int
        var seconds: Double
        var tensors: Int
        var tensors_given: Int
        var agreement: VendorAgreement
        var plan: String?
    }

    func validate() throws {
        guard scale.isFinite, scale != 0, offset.isFinite else {
            throw ValidationError("--scale, --offset: expected finite numbers, a scale that is not 0")
        }
        guard model.hasSuffix(".onnx") else {
            throw ValidationError("expected the float model as .onnx, which vendors' tools read; found \(model)")
        }
    }

    func run() throws {
        let profile = try place.profile(named: profile)
        let mapped = try MappedFile(path: plan)
        // A plan looks into the mapping, which must outlive it.
        try withExtendedLifetime(mapped) { try run(Plan(bytes: mapped.bytes), of: mapped.bytes, profile) }
    }

    // SAFETY: the caller keeps `planFile` alive, which the plan looks into.
    private func run(_ plan: Plan, of planFile: UnsafeRawBufferPointer, _ profile: ChipProfile) throws {
        let toolchain = try VendorToolchain.find(for: profile, catalogue: place.profiles, python: python)
        guard let receipt = plan.receipt else { throw VendorToolError.noReceipt(plan: self.plan) }
        let mapped = try MappedFile(path: model)
        let bytes = withExtendedLifetime(mapped) { Array(mapped.bytes) }
        let imported = try Importers.model(from: bytes, fileName: model)
        try check(plan, isOf: imported, for: profile)
        let samples = try ModelQuantizeInputs(model: imported, scale: scale, offset: offset)
            .samples(calibration, "--calibration")
        let python = try toolchain.python(
            environment: try venv ?? toolchain.usualEnvironment(), madeWith: python)
        let work = try VendorWork(
            directory: work ?? "\(stem).\(profile.id).work", model: imported, modelBytes: bytes, plan: plan,
            receipt: receipt, profile: profile, calibration: samples)
        try toolchain.compile(work.directory, python: python)
        let result = try work.result(outputs: plan.outputs.count)
        let file = try work.bytes(of: result)
        let agreement = try compare(plan, receipt, work, result)
        warn(agreement.kept, plan)
        if let output {
            let bundle = try plan.file(
                planFile, with: file, interface: result.interface, chip: profile.id, toolchain: result.toolchain,
                agreement: agreement.kept)
            try OutputFile.write(bundle, to: output)
        }
        try show(
            Report(
                chip: profile.id, toolchain: result.toolchain, interface: result.interface,
                file: "\(work.directory)/\(result.file)", file_bytes: file.count, seconds: result.seconds,
                tensors: result.tensors, tensors_given: result.tensors_given, agreement: agreement, plan: output))
    }

    private var stem: String {
        let name = plan.split(separator: "/").last.map(String.init) ?? plan
        return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }

    /// The vendor's tool gets the file, the comparison the plan: they must take and give the same.
    private func check(_ plan: Plan, isOf model: Model, for profile: ChipProfile) throws {
        guard plan.contract.name == profile.planContract else {
            throw VendorToolError.otherModel(
                plan: self.plan, expected: "contract \(profile.planContract) for \(profile.id)",
                found: "contract \(plan.contract.name)")
        }
        func words(_ ports: [(name: String, count: Int)]) -> String {
            ports.map { "\($0.name) of \($0.count) elements" }.joined(separator: ", ")
        }
        for (kind, tensors, ids) in [
            ("inputs", plan.inputs, model.inputs), ("outputs", plan.outputs, model.outputs),
        ] {
            let expected = ids.map { (name: model[$0].name, count: model[$0].elementCount) }
            let found = tensors.map { (name: $0.name, count: $0.elementCount) }
            guard expected.map(\.count) == found.map(\.count) else {
                throw VendorToolError.otherModel(
                    plan: self.plan, expected: "\(kind) \(words(expected))", found: words(found))
            }
        }
        if let real = plan.outputs.first(where: { $0.type != .int8 }) {
            throw VendorToolError.otherModel(
                plan: self.plan, expected: "int8 outputs", found: "\(real.name) of \(real.type)")
        }
    }

    private func compare(_ plan: Plan, _ receipt: Receipt, _ work: VendorWork, _ result: VendorWork.Result) throws
        -> VendorAgreement
    {
        var agreement = VendorAgreement()
        for (number, one) in receipt.cases.enumerated() {
            let answers = try plan.outputs.enumerated().map { place, tensor in
                try work.output(place, ofCase: number, result, shape: tensor.shape)
            }
            agreement.add(ours: one.output, theirs: answers, outputs: plan.outputs)
        }
        return agreement
    }

    /// The box refuses a model that differs so much; whoever made it hears so here first.
    private func warn(_ agreement: VendorModel.Agreement, _ plan: Plan) {
        let ceiling = AnswerAllowance.ceiling(plan.outputs)
        let found = AnswerAllowance(agreement)
        guard !ceiling.covers(found) else { return }
        Output.error(
            "warning: the vendor's simulator differs from the plan in \(found.elements) outputs of a case, by "
                + "\(found.steps) steps; at most \(ceiling.elements), by \(ceiling.steps), are taken for rounding. The box "
                + "will refuse to run this file on its NPU unless you look at it and allow it there "
                + "(allow: { elements: \(found.elements), steps: \(found.steps) })")
    }

    private func show(_ report: Report) throws {
        if json { return try JSONOutput.print(report) }
        var rows = [
            ["chip", report.chip], ["toolchain", "\(report.toolchain), \(Format.fixed(report.seconds, 1)) s"],
            ["ranges of the plan", "\(report.tensors_given) of \(report.tensors) tensors"],
            ["agreement", report.agreement.kept.words],
            ["vendor's file", "\(report.file), \(Format.bytes(Int64(report.file_bytes)))"],
        ]
        if let plan = report.plan { rows.append(["plan", plan]) }
        Output.line(Format.table(rows))
    }
}
