import Foundation
import Profiles
import Testing

@Suite("Profiles: which chip a machine has")
struct DetectionTests {
    struct Machine: Sendable, CustomTestStringConvertible {
        var what: String
        /// Path below the root, and what stands in it; NUL as `\\0`.
        var files: [String: String]
        /// Profile and certainty, in order.
        var finds: [String]
        var testDescription: String { what }
    }

    private static func pci(_ vendor: String, _ device: String, at address: String = "0000:01:00.0") -> [String: String]
    {
        [
            "sys/bus/pci/devices/\(address)/vendor": "0x\(vendor)\n",
            "sys/bus/pci/devices/\(address)/device": "0x\(device)\n",
        ]
    }

    private static func tree(_ compatible: [String], model: String) -> [String: String] {
        [
            "proc/device-tree/compatible": compatible.map { $0 + "\0" }.joined(),
            "proc/device-tree/model": model + "\0",
        ]
    }

    private static let intel = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R)\n"

    static let machines: [Machine] = [
        .init(
            what: "RK3588 with the vendor's driver",
            files: tree(["xunlong,orangepi-5-plus", "rockchip,rk3588"], model: "Orange Pi 5 Plus")
                .merging(["dev/rknpu": "", "proc/cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd0b\n"]) { $1 },
            finds: ["rk3588 certain"]),
        .init(
            what: "RK3568", files: tree(["radxa,rock3a", "rockchip,rk3568"], model: "Radxa ROCK3 Model A"),
            finds: ["rk3568 certain"]),
        .init(
            what: "BM1684X card in an Intel box",
            files: pci("1f1c", "1686").merging(["proc/cpuinfo": intel, "dev/bm-sophon0": ""]) { $1 },
            finds: ["bm1684x certain"]),
        .init(
            what: "SG2002",
            files: tree(["sipeed,licheerv-nano", "sophgo,sg2002"], model: "LicheeRV Nano")
                .merging(["dev/cvi-tpu0": "", "proc/cpuinfo": "processor\t: 0\nuarch\t: thead,c906\n"]) { $1 },
            finds: ["cv181x certain"]),
        .init(
            what: "Ascend 310 card in a Kunpeng server",
            files: pci("19e5", "d100").merging(pci("19e5", "a120", at: "0000:00:00.0")) { $1 }.merging([
                "dev/davinci0": "", "dev/davinci_manager": "",
                "proc/cpuinfo": "CPU implementer\t: 0x48\nCPU architecture: 8\nCPU part\t: 0xd01\n",
            ]) { $1 },
            finds: ["ascend310 certain", "kunpeng-920 certain"]),
        .init(
            what: "A311D", files: tree(["khadas,vim3", "amlogic,a311d", "amlogic,g12b"], model: "Khadas VIM3"),
            finds: ["a311d certain"]),
        .init(
            what: "K230", files: tree(["canaan,canmv-k230", "canaan,kendryte-k230"], model: "CanMV-K230"),
            finds: ["k230 certain"]),
        .init(
            what: "K1",
            files: tree(["bananapi,bpi-f3", "spacemit,k1"], model: "BananaPi BPI-F3")
                .merging(["proc/cpuinfo": "processor\t: 0\nuarch\t: spacemit,x60\n"]) { $1 },
            finds: ["k1 certain"]),
        .init(
            what: "K1 cores without a device tree", files: ["proc/cpuinfo": "processor\t: 0\nuarch\t: spacemit,x60\n"],
            finds: ["k1 likely"]),
        .init(
            what: "Loongson 3A6000",
            files: [
                "proc/cpuinfo":
                    "system type\t: generic\n\nCPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A6000\n"
            ], finds: ["loongson-3a certain"]),
        .init(
            what: "Loongson server chip", files: ["proc/cpuinfo": "Model Name\t\t: Loongson-3C5000L\n"],
            finds: ["loongson-3a likely"]),
        .init(
            what: "Phytium", files: ["proc/cpuinfo": "CPU implementer\t: 0x70\nCPU part\t: 0x663\n"],
            finds: ["phytium certain"]),
        .init(
            what: "Kunpeng", files: ["proc/cpuinfo": "CPU implementer\t: 0x48\nCPU part\t: 0xd01\n"],
            finds: ["kunpeng-920 certain"]),
        .init(
            what: "Hygon", files: ["proc/cpuinfo": "vendor_id\t: HygonGenuine\n"].merging(pci("1d94", "1450")) { $1 },
            finds: ["hygon certain"]),
        .init(
            what: "Zhaoxin, spaces around the vendor", files: ["proc/cpuinfo": "vendor_id\t:   Shanghai  \n"],
            finds: ["zhaoxin certain"]),
        .init(
            what: "VIA or an older Zhaoxin", files: ["proc/cpuinfo": "vendor_id\t: CentaurHauls\n"],
            finds: ["zhaoxin possible"]),
        .init(
            what: "another Cambricon card", files: pci("cabc", "0290"), finds: ["mlu220 possible", "mlu370 possible"]),
        .init(what: "MLU370", files: pci("cabc", "0370"), finds: ["mlu370 certain"]),
        .init(
            what: "another vendor's part with the same core number",
            files: ["proc/cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd01\n"], finds: []),
        .init(
            what: "Intel with a network card of Huawei",
            files: pci("19e5", "0222").merging(["proc/cpuinfo": intel]) { $1 }, finds: []),
        .init(what: "nothing at all", files: [:], finds: []),
        .init(
            what: "garbage",
            files: [
                "proc/cpuinfo": ":::\n: \nCPU part\t: 0xd01\n", "proc/device-tree/compatible": "\0\0rockchip,rk358\0",
                "sys/bus/pci/devices/0000:01:00.0/vendor": "19e5", "sys/bus/pci/devices/0000:01:00.0/device": "",
            ], finds: []),
    ]

    @Test(arguments: machines) func isFound(_ machine: Machine) throws {
        let folder = try Scratch()
        for (name, text) in machine.files { try folder.write(text, to: name) }
        let chips = DetectedChip.all(on: MachineSurvey(root: folder.path), among: try Catalogue.profiles())
        #expect(chips.map { "\($0.profile.id) \($0.certainty)" } == machine.finds)
    }

    @Test func saysWhatSpokeForIt() throws {
        let folder = try Scratch()
        for (name, text) in Self.machines[0].files { try folder.write(text, to: name) }
        let machine = MachineSurvey(root: folder.path + "/")
        #expect(machine.model == "Orange Pi 5 Plus")
        let chip = try #require(DetectedChip.all(on: machine, among: try Catalogue.profiles()).first)
        #expect(chip.reasons.map(\.evidence.text) == ["rockchip,rk3588", "/dev/rknpu"])
        #expect(chip.reasons.map(\.evidence.path) == ["/proc/device-tree/compatible", "/dev"])
        #expect(chip.reasons.map(\.sign.names) == [.chip, .vendor])
        #expect(chip.reasons.allSatisfy { !$0.sign.value.source.isEmpty })
    }

    /// A device node alone names a vendor: every chip of it is possible, and none is certain.
    @Test func aNodeAloneIsNoCertainty() throws {
        let folder = try Scratch()
        try folder.write("", to: "dev/rknpu")
        let chips = DetectedChip.all(on: MachineSurvey(root: folder.path), among: try Catalogue.profiles())
        #expect(chips.allSatisfy { $0.certainty == .possible && $0.profile.vendor == "Rockchip" })
        #expect(chips.count == 8)
    }

    /// Every sign of every profile finds its own profile.
    @Test func everySignFindsItsProfile() throws {
        let profiles = try Catalogue.profiles()
        for profile in profiles {
            for sign in profile.detection.signs {
                let folder = try Scratch()
                for (name, text) in Self.files(for: sign) { try folder.write(text, to: name) }
                let chips = DetectedChip.all(on: MachineSurvey(root: folder.path), among: profiles)
                #expect(chips.contains { $0.profile.id == profile.id }, "\(profile.id): \(sign.value.value)")
            }
        }
    }

    private static func files(for sign: Detection.Sign) -> [String: String] {
        let value = sign.value.value
        let halves = value.split(separator: ":").map(String.init)
        switch sign.place {
        case .deviceTree: return tree([value], model: "a board")
        case .deviceNode: return [String(value.dropFirst()).replacing("*", with: "7"): ""]
        case .pci: return pci(halves[0], halves[1].replacing("*", with: "1234"))
        case .armCore:
            let part = halves[1].replacing("*", with: "0x661")
            return ["proc/cpuinfo": "CPU implementer\t: \(halves[0])\nCPU part\t: \(part)\n"]
        case .cpuVendor: return ["proc/cpuinfo": "vendor_id\t: \(value)\n"]
        case .cpuModel: return ["proc/cpuinfo": "Model Name\t\t: \(value)\n"]
        case .riscvCore: return ["proc/cpuinfo": "uarch\t: \(value)\n"]
        }
    }
}
