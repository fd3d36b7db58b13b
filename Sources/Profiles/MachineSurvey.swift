/// What a machine says about its own chips: device tree, PCI, `/proc/cpuinfo`, device nodes.
///
/// What cannot be read is as if it were not there: no machine has all of it.
package struct MachineSurvey: Hashable, Sendable {
    /// One thing that stood where a sign looked for it.
    package struct Evidence: Hashable, Sendable {
        /// `/sys/bus/pci/devices/0000:01:00.0`
        package var path: String
        /// `19e5:d100`
        package var text: String
    }

    /// In front of every path: `/` for this machine.
    package let root: String
    /// Name of the board, by its device tree.
    package private(set) var model: String?
    private var compatible: [Evidence] = []
    private var pci: [Evidence] = []
    /// Lines of `/proc/cpuinfo`, each `key: value` once.
    private var cpu: [CPULine] = []
    private var armCores: [Evidence] = []

    private struct CPULine: Hashable, Sendable {
        var key: String
        var value: String
    }

    /// `/proc/cpuinfo` of 1,024 cores has about 1.5 MB.
    private static let byteLimit = 8 << 20

    /// Looks at a machine.
    ///
    /// - Parameter root: `/`, or a folder with a copy of its `proc`, `sys` and `dev`.
    package init(root: String = "/") {
        self.root = root.hasSuffix("/") ? String(root.dropLast()) : root
        readDeviceTree()
        readPCI()
        readCPU()
    }

    /// What speaks for a sign; empty when nothing does.
    package func evidence(for sign: Detection.Sign) -> [Evidence] {
        let wanted = sign.value.value
        switch sign.place {
        case .deviceTree: return compatible.filter { $0.text == wanted }
        case .pci: return pci.filter { Self.matches($0.text, wanted) }
        case .armCore: return armCores.filter { Self.matches($0.text, wanted) }
        case .cpuVendor: return lines(["vendor_id"]) { $0 == wanted }
        case .cpuModel: return lines(["model name", "cpu model"]) { $0.hasPrefix(wanted) }
        case .riscvCore: return lines(["uarch"]) { $0 == wanted }
        case .deviceNode: return nodes(wanted)
        }
    }

    /// `a:b`, where a wanted `*` behind the colon stands for anything.
    private static func matches(_ text: String, _ wanted: String) -> Bool {
        wanted.hasSuffix("*") ? text.hasPrefix(wanted.dropLast()) : text == wanted
    }

    private func lines(_ keys: [String], _ isWanted: (String) -> Bool) -> [Evidence] {
        cpu.filter { keys.contains($0.key) && isWanted($0.value) }.map {
            Evidence(path: "/proc/cpuinfo", text: "\($0.key): \($0.value)")
        }
    }

    private func nodes(_ wanted: String) -> [Evidence] {
        guard let slash = wanted.lastIndex(of: "/") else { return [] }
        let (folder, name) = (wanted[..<slash], wanted[wanted.index(after: slash)...])
        let names = (try? SmallFile.names(in: root + folder)) ?? []
        return names.filter { Self.matches($0, String(name)) }.map {
            Evidence(path: String(folder), text: "\(folder)/\($0)")
        }
    }

    private mutating func readDeviceTree() {
        for folder in ["/proc/device-tree", "/sys/firmware/devicetree/base"] {
            guard let bytes = read("\(folder)/compatible") else { continue }
            compatible = bytes.split(separator: 0).map {
                Evidence(path: "\(folder)/compatible", text: String(decoding: $0, as: UTF8.self))
            }
            model = read("\(folder)/model").map { Self.trimmed(String(decoding: $0.filter { $0 != 0 }, as: UTF8.self)) }
            return
        }
    }

    private mutating func readPCI() {
        let folder = "/sys/bus/pci/devices"
        for address in (try? SmallFile.names(in: root + folder)) ?? [] {
            guard let vendor = identifier("\(folder)/\(address)/vendor"),
                let device = identifier("\(folder)/\(address)/device")
            else { continue }
            pci.append(Evidence(path: "\(folder)/\(address)", text: "\(vendor):\(device)"))
        }
    }

    /// `0x19e5` as `19e5`.
    private func identifier(_ path: String) -> String? {
        guard let bytes = read(path) else { return nil }
        let text = Self.trimmed(String(decoding: bytes, as: UTF8.self)).lowercased()
        return text.hasPrefix("0x") && text.count == 6 ? String(text.dropFirst(2)) : nil
    }

    private mutating func readCPU() {
        guard let bytes = read("/proc/cpuinfo") else { return }
        var implementer: String?
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = Self.trimmed(line[..<colon]).lowercased()
            let value = Self.trimmed(line[line.index(after: colon)...])
            let entry = CPULine(key: key, value: value)
            if ["vendor_id", "model name", "cpu model", "uarch"].contains(key), !cpu.contains(entry) {
                cpu.append(entry)
            }
            if key == "cpu implementer" { implementer = value.lowercased() }
            if key == "cpu part", let implementer {
                let core = Evidence(path: "/proc/cpuinfo", text: "\(implementer):\(value.lowercased())")
                if !armCores.contains(core) { armCores.append(core) }
            }
        }
    }

    private func read(_ path: String) -> [UInt8]? { try? SmallFile.read(root + path, limit: Self.byteLimit) }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop { $0.isWhitespace }
        let length = start.reversed().drop { $0.isWhitespace }.count
        return String(start.prefix(length))
    }
}
