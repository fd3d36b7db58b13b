/// What Linux says about the caches of a machine's first CPU: `/sys/devices/system/cpu/cpu0/cache`.
///
/// Boards with small and large cores number the small ones first. What cannot be read, or is no size, is nil: many device
/// trees leave caches out.
package struct CPUCaches: Hashable, Sendable {
    package private(set) var level1DataBytes: Int?
    package private(set) var level2Bytes: Int?
    /// CPUs that share the second level.
    package private(set) var level2Sharers: Int?

    /// An attribute of sysfs is at most a page.
    private static let byteLimit = 4_096
    /// Caches that are looked at: instructions and data at three levels, and room for more.
    private static let entryLimit = 16

    /// - Parameter root: `/`, or a folder with a copy of its `sys`.
    package init(root: String = "/") {
        let folder = (root.hasSuffix("/") ? String(root.dropLast()) : root) + "/sys/devices/system/cpu/cpu0/cache"
        let names = ((try? SmallFile.names(in: folder)) ?? []).filter { $0.hasPrefix("index") }
        for name in names.prefix(Self.entryLimit) {
            func text(_ attribute: String) -> String? {
                (try? SmallFile.read("\(folder)/\(name)/\(attribute)", limit: Self.byteLimit)).map {
                    String(decoding: $0.filter { $0 > 32 }, as: UTF8.self)
                }
            }
            guard let level = text("level"), let type = text("type"), type == "Data" || type == "Unified",
                let bytes = text("size").flatMap(Self.bytes)
            else { continue }
            if level == "1", level1DataBytes == nil { level1DataBytes = bytes }
            if level == "2", level2Bytes == nil {
                level2Bytes = bytes
                level2Sharers = text("shared_cpu_map").flatMap(Self.count)
            }
        }
    }

    /// `512K`, `1M`, or bytes.
    /// - Returns: nil for anything else, and for what is not above zero.
    static func bytes(_ text: String) -> Int? {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? Substring(text) : text.dropLast()
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits) else {
            return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        return !overflow && bytes > 0 ? bytes : nil
    }

    /// CPUs of a mask such as `ff` or `00000000,0000000f`.
    /// - Returns: nil for what is no mask, and for none.
    static func count(_ mask: String) -> Int? {
        var count = 0
        for digit in mask where digit != "," {
            guard digit.isASCII, let bits = digit.hexDigitValue else { return nil }
            count += bits.nonzeroBitCount
        }
        return count > 0 ? count : nil
    }
}
