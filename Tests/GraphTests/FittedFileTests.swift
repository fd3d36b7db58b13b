import Graph
import Testing

@Suite("fitted section: in a plan's file, or alone")
struct FittedFileTests {
    static let fitted: [UInt8] = Array(0..<100)

    @Test("a plan with a fitted section is the same plan")
    func withPlan() throws {
        let plan = try Sample.plan()
        let file = try plan.withUnsafeBytes { try FittedFile.file(plan: $0, fitted: Self.fitted) }
        try file.withUnsafeBytes { file in
            let read = try Plan(bytes: file)
            #expect(try read.reference([0, 0, 0]) == [11])
            #expect(read.receiptCases == 2 && read.fitted?.array == Self.fitted)
            #expect(try FittedFile.content(of: file).hasPlan)
        }
        // Fitted again, the old one goes; nothing fitted, nothing there.
        let again = try file.withUnsafeBytes { try FittedFile.file(plan: $0, fitted: [7]) }
        try again.withUnsafeBytes { file in
            let fitted = try Plan(bytes: file).fitted
            #expect(fitted?.array == [7])
        }
        try plan.withUnsafeBytes { file in
            let fitted = try Plan(bytes: file).fitted
            #expect(fitted?.array == nil)
            #expect(throws: PlanError.self) { try FittedFile.content(of: file) }
        }
    }

    @Test("alone it is no plan")
    func alone() throws {
        let file = try FittedFile.file(plan: nil, fitted: Self.fitted)
        try file.withUnsafeBytes { file in
            let content = try FittedFile.content(of: file)
            #expect(Array(content.fitted) == Self.fitted && !content.hasPlan)
            let error = #expect(throws: PlanError.self) { try Plan(bytes: file) }
            #expect(error?.fault.expected == "a graph section")
        }
    }

    @Test("every flipped bit and every cut is found")
    func damage() throws {
        let file = try FittedFile.file(plan: nil, fitted: Self.fitted)
        for bit in 0..<file.count * 8 {
            var bad = file
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: PlanError.self) { try bad.withUnsafeBytes { _ = try FittedFile.content(of: $0) } }
        }
        for count in 0..<file.count {
            #expect(throws: PlanError.self) {
                try Array(file.prefix(count)).withUnsafeBytes { _ = try FittedFile.content(of: $0) }
            }
        }
    }
}
