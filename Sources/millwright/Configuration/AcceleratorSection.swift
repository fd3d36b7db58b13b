import Accelerators
import Runtime
import YAML

extension PlantConfiguration {
    /// The section `accelerator`: on which NPU models run that carry a model for it.
    struct AcceleratorSection: Hashable, Sendable {
        var choice: AcceleratorChoice
    }
}

extension PlantConfiguration.AcceleratorSection {
    /// Cores of the largest chip that an interface names by number.
    private static let cores = 0...63

    init?(reading reader: inout MappingReader, directory: String) {
        let interface = reader.required("interface", .choice(VendorInterface.self))
        let chip = reader.required("chip", .identifier)
        let library = reader.optional("library", .path(from: directory))
        let device = reader.optional("device", .integer(0...63), default: 0)
        let cores = reader.optional("cores", .sequence(of: .integer(Self.cores), count: 1...64), default: [])
        let takesOver = reader.required("cpu_takes_over", .boolean)
        var allow = reader.optionalMapping("allow")
        let elements = allow?.required("elements", .integer(0...1_000_000))
        let steps = allow?.required("steps", .integer(0...255))
        allow?.finish()
        guard let interface, let chip, let takesOver, allow == nil || (elements != nil && steps != nil) else {
            return nil
        }
        var allowance: AnswerAllowance?
        if let elements, let steps { allowance = AnswerAllowance(elements: elements, steps: steps) }
        choice = AcceleratorChoice(
            interface: interface, chip: chip, library: library,
            placement: AcceleratorPlacement(device: device, cores: cores),
            policy: takesOver ? .cpuTakesOver : .refused, allowance: allowance)
    }
}
