/// What on a running machine speaks for a chip.
package struct Detection: Hashable, Sendable {
    package var signs: [Sign]

    package init(signs: [Sign] = []) { self.signs = signs }

    /// One thing to look for.
    package struct Sign: Hashable, Sendable {
        package var place: Place
        /// What must stand there: `rockchip,rk3588`, `19e5:d100`, `/dev/davinci*`.
        package var value: Fact<String>
        package var names: Scope
    }

    /// Where a sign is looked for.
    package enum Place: String, CaseIterable, Hashable, Sendable {
        /// A string of `/proc/device-tree/compatible`.
        case deviceTree = "device_tree"
        /// A path; `*` at its end stands for any ending.
        case deviceNode = "device_node"
        /// `vendor:device` of `/sys/bus/pci/devices`, four hexadecimal digits each; `vendor:*` for any device.
        case pci
        /// `implementer:part` of an Arm core in `/proc/cpuinfo`: `0x48:0xd01`.
        case armCore = "arm_core"
        /// `vendor_id` of `/proc/cpuinfo`.
        case cpuVendor = "cpu_vendor"
        /// Beginning of a model name in `/proc/cpuinfo`.
        case cpuModel = "cpu_model"
        /// `uarch` of a RISC-V core in `/proc/cpuinfo`.
        case riscvCore = "riscv_core"
    }

    /// How much a sign says.
    package enum Scope: String, CaseIterable, Hashable, Sendable {
        /// Only this profile's chips have it.
        case chip
        /// Chips of one family have it; their facts may differ.
        case family
        /// Chips of one vendor have it.
        case vendor
    }
}
