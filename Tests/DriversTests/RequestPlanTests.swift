import Plant
import Testing

@testable import Drivers

/// How single values are joined to requests.
@Suite struct RequestPlanTests {
    private func settings(_ keys: String) throws -> ModbusSettings {
        let link = try link(
            """
            - name: meter
              driver: modbus-tcp
              host: 10.0.0.7
            \(keys)
            """)
        return try #require(link.settings as? ModbusSettings)
    }

    private func requests(_ keys: String) throws -> [String] {
        try settings(keys).blocks.map { "\($0.table) \($0.start)+\($0.count)" }
    }

    @Test func neighboursAreReadInOneRequest() throws {
        let requests = try requests(
            """
              max_gap: 4
              values:
                - { tag: c, registers: holding, at: 20, type: float32 }
                - { tag: a, registers: holding, at: 10, type: uint16 }
                - { tag: b, registers: holding, at: 15, type: uint16 }
                - { tag: far, registers: holding, at: 27, type: uint16 }
                - { tag: other, registers: input, at: 11, type: uint16 }
            """)
        #expect(requests == ["holding 10+12", "holding 27+1", "input 11+1"])
    }

    @Test func noRequestIsLargerThanTheDeviceTakesIt() throws {
        let values = (0..<40).map { "    - { tag: v\($0), registers: holding, at: \($0), type: uint16 }" }
        let requests = try requests("  max_registers: 16\n  values:\n" + values.joined(separator: "\n"))
        #expect(requests == ["holding 0+16", "holding 16+16", "holding 32+8"])
    }

    @Test func aValueIsNeverCutInTwo() throws {
        let values = (0..<4).map { "    - { tag: v\($0), registers: input, at: \($0 * 4), type: float64 }" }
        let requests = try requests("  max_registers: 10\n  values:\n" + values.joined(separator: "\n"))
        #expect(requests == ["input 0+8", "input 8+8"])
    }

    @Test func eachRateHasRequestsOfItsOwn() throws {
        let settings = try settings(
            """
              scan: 250ms
              values:
                - { tag: a, registers: holding, at: 0, type: uint16 }
                - { tag: b, registers: holding, at: 1, type: uint16, scan: 10s }
                - { tag: c, registers: holding, at: 2, type: uint16 }
            """)
        #expect(settings.blocks.map(\.scanInterval) == [.milliseconds(250), .seconds(10)])
        #expect(settings.blocks.map { $0.values.map(\.tag.name) } == [["a", "c"], ["b"]])
    }

    @Test func bitsAreJoinedOverLongerGaps() throws {
        let requests = try requests(
            """
              max_gap: 1
              max_bits: 64
              values:
                - { tag: a, registers: coils, at: 0 }
                - { tag: b, registers: coils, at: 17 }
                - { tag: c, registers: coils, at: 34 }
                - { tag: d, registers: coils, at: 64 }
            """)
        #expect(requests == ["coils 0+35", "coils 64+1"])
    }

    @Test func blocksAndValuesStandBesideEachOther() throws {
        let requests = try requests(
            """
              blocks: [ { registers: holding, at: 5, count: 9, values: [ { tag: a, at: 6, type: uint16 } ] } ]
              values: [ { tag: b, registers: holding, at: 7, type: string, length: 8 } ]
            """)
        #expect(requests == ["holding 5+9", "holding 7+8"])
    }
}
