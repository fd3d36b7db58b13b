import Graph
import Testing

@Suite("vendors' models in a plan: read back as they were put in, anything else is refused")
struct VendorModelTests {
    static let agreement = VendorModel.Agreement(
        cases: 2, elements: 20, equalElements: 18, mostDifferingElements: 2, largestDifference: 1, topOneEqual: 2)

    private static func added(
        _ model: [UInt8], to file: [UInt8], interface: String = "rknn", chip: String = "rk3588",
        agreement: VendorModel.Agreement = agreement
    ) throws -> [UInt8] {
        try file.withUnsafeBytes { bytes in
            try Plan(bytes: bytes).file(
                bytes, with: model, interface: interface, chip: chip, toolchain: "toolkit 2.5.0", agreement: agreement)
        }
    }

    @Test("what was put in is read back, and the rest of the plan stays as it was")
    func roundTrip() throws {
        let bare = try Sample.plan()
        let file = try Self.added([1, 2, 3], to: bare)
        try file.withUnsafeBytes { bytes in
            let plan = try Plan(bytes: bytes)
            let model = try #require(plan.vendorModels.first)
            #expect(plan.vendorModels.count == 1)
            #expect((model.interface, model.chip, model.toolchain) == ("rknn", "rk3588", "toolkit 2.5.0"))
            #expect(model.agreement == Self.agreement)
            #expect(model.bytes.array == [1, 2, 3])
            #expect(plan.card == Array(#"{"name":"sample"}"#.utf8))
            #expect(plan.receiptCases == 2)
            #expect(try plan.reference([0, 0, 0]) == [11])
        }
        let none = try bare.withUnsafeBytes { try Plan(bytes: $0).vendorModels.count }
        #expect(none == 0)
    }

    @Test("models of several chips stand side by side, each on a cache line; the same chip's is replaced")
    func several() throws {
        var file = try Self.added([UInt8](repeating: 7, count: 65), to: Sample.plan())
        file = try Self.added([8], to: file, interface: "bmrt", chip: "bm1684x")
        file = try Self.added([9, 9], to: file)
        try file.withUnsafeBytes { bytes in
            let plan = try Plan(bytes: bytes)
            #expect(plan.vendorModels.map(\.chip) == ["bm1684x", "rk3588"])
            #expect(plan.vendorModels.map(\.bytes.array) == [[8], [9, 9]])
            let start = try #require(bytes.baseAddress)
            for model in plan.vendorModels {
                #expect((try #require(model.bytes.bytes.baseAddress) - start) % 64 == 0)
            }
        }
    }

    @Test(
        "counts that cannot be true together are refused",
        arguments: [
            VendorModel.Agreement(
                cases: 0, elements: 20, equalElements: 20, mostDifferingElements: 0, largestDifference: 0,
                topOneEqual: 0),
            VendorModel.Agreement(
                cases: 2, elements: 1, equalElements: 1, mostDifferingElements: 0, largestDifference: 0, topOneEqual: 2),
            VendorModel.Agreement(
                cases: 2, elements: 20, equalElements: 21, mostDifferingElements: 0, largestDifference: 0,
                topOneEqual: 2),
            VendorModel.Agreement(
                cases: 2, elements: 20, equalElements: 18, mostDifferingElements: 3, largestDifference: 1,
                topOneEqual: 2),
            VendorModel.Agreement(
                cases: 2, elements: 20, equalElements: 20, mostDifferingElements: 0, largestDifference: 1,
                topOneEqual: 2),
            VendorModel.Agreement(
                cases: 2, elements: 20, equalElements: 18, mostDifferingElements: 1, largestDifference: 1,
                topOneEqual: 3),
        ])
    func contradictions(agreement: VendorModel.Agreement) throws {
        let bare = try Sample.plan()
        #expect(throws: PlanError.self) { try Self.added([1], to: bare, agreement: agreement) }
    }

    @Test("an empty file, a nameless chip and a chip twice are refused")
    func refused() throws {
        let bare = try Sample.plan()
        #expect(throws: PlanError.self) { try Self.added([], to: bare) }
        #expect(throws: PlanError.self) { try Self.added([1], to: bare, chip: "") }
        #expect(throws: PlanError.self) { try Self.added([1], to: bare, interface: "a\nb") }
    }

    @Test("cut short anywhere, or with any byte of it turned, it is refused")
    func damage() throws {
        let file = try Self.added([1, 2, 3], to: Sample.plan())
        for length in stride(from: file.count - 1, through: file.count - 160, by: -7) {
            #expect(throws: PlanError.self) {
                try Array(file[..<length]).withUnsafeBytes { _ = try Plan(bytes: $0) }
            }
        }
        for index in file.count - 200..<file.count {
            var bytes = file
            bytes[index] ^= 0x11
            #expect(throws: PlanError.self) { try bytes.withUnsafeBytes { _ = try Plan(bytes: $0) } }
        }
    }
}
