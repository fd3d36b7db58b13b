import FoundationEssentials
import Plant
import Rig
import TestBench
import Testing
import YAML

@testable import Drivers

/// Walks `devices/`: each map is read as the daemon reads it, and means what its capture says.
@Suite(.timeLimit(.minutes(3))) struct DeviceMapTests {
    @Test func thereAreSome() {
        #expect(DeviceMap.modbus.count >= 12)
        #expect(!DeviceMap.mqtt.isEmpty)
    }

    @Test(arguments: DeviceMap.modbus + DeviceMap.mqtt) func aMapIsALinkAndHasACapture(_ path: String) throws {
        let map = try DeviceMap(path)
        let (plain, prefixed) = (try map.link(), try map.link(prefix: "press-3."))
        #expect(prefixed.tags.map(\.name) == plain.tags.map { "press-3.\($0.name)" })
        #expect(!map.captures.isEmpty, "\(path): capture")
    }

    @Test(arguments: DeviceMap.modbus) func noRegisterIsReadAsTwoValues(_ path: String) throws {
        let settings = try #require(try DeviceMap(path).link().settings as? ModbusSettings)
        for block in settings.blocks {
            #expect(block.start + block.count <= 65_536)
            for value in block.values {
                #expect(value.span.lowerBound >= block.start && value.span.upperBound <= block.start + block.count)
            }
        }
        for table in ModbusTable.allCases {
            let values = settings.blocks.filter { $0.table == table }.flatMap(\.values)
            for (index, value) in values.enumerated() {
                for other in values[..<index] where value.registers.overlaps(other.registers) {
                    let areBits =
                        value.registers == other.registers && !(value.bits?.overlaps(other.bits ?? 0...63) ?? true)
                    #expect(areBits, "\(value.tag.name) and \(other.tag.name) are both at \(value.registers)")
                }
            }
        }
    }

    @Test(arguments: DeviceMap.modbus) func aCaptureIsDecodedToWhatItMeans(_ path: String) throws {
        let map = try DeviceMap(path)
        let settings = try #require(try map.link().settings as? ModbusSettings)
        for capture in map.captures {
            let captured = try CapturedRegisters(capture)
            let data = try captured.throughFrames()
            for meaning in try CapturedMeaning.all(in: capture) {
                let block = try #require(
                    settings.blocks.first {
                        $0.table == captured.table && $0.values.contains { $0.tag.name == meaning.tag }
                    },
                    "\(path): no value \(meaning.tag) in \(captured.table)")
                let value = try #require(block.values.first { $0.tag.name == meaning.tag })
                try #require(
                    captured.addresses.contains(value.span.lowerBound)
                        && value.span.upperBound <= captured.addresses.upperBound,
                    "\(path): \(meaning.tag) at \(value.span) is not in the capture \(captured.addresses)")
                for data in data {
                    let (decoded, quality) = value.decode(data, from: captured.addresses.lowerBound)
                    #expect(
                        meaning.isSame(as: decoded), "\(path): \(meaning.tag) should be \(meaning.text), is \(decoded)"
                    )
                    #expect(quality == .good)
                }
            }
        }
    }

    @Test(arguments: DeviceMap.modbus) func aCaptureIsReadBackFromASlave(_ path: String) async throws {
        let map = try DeviceMap(path)
        for capture in map.captures {
            let captured = try CapturedRegisters(capture)
            var tables = ModbusTables(size: 65_536)
            switch captured.table {
            case .holding: tables.holding.replaceSubrange(captured.addresses, with: captured.words)
            default: tables.input.replaceSubrange(captured.addresses, with: captured.words)
            }
            let slave = try ModbusSlave(tables: tables)
            let bench = LinkBench(try map.link(port: slave.port, prefix: "press-3."))
            for meaning in try CapturedMeaning.all(in: capture) {
                let tag = "press-3.\(meaning.tag)"
                let isSame = await eventually { await bench.last(tag).map { meaning.isSame(as: $0.value) } ?? false }
                let last = await bench.last(tag)?.value
                #expect(isSame, "\(path): \(tag) should be \(meaning.text), is \(String(describing: last))")
            }
            await bench.stop()
        }
    }

    @Test(arguments: DeviceMap.mqtt) func aMessageIsDecodedToWhatItMeans(_ path: String) throws {
        let map = try DeviceMap(path)
        let settings = try #require(try map.link().settings as? MQTTSettings)
        for capture in map.captures {
            let topic = try #require(capture["topic"]?.text)
            let payload = try #require(capture["payload"]?.text)
            var values: [String: (value: Sample.Value, quality: Quality)] = [:]
            for rule in settings.topics {
                guard let captures = rule.filter.captures(in: Array(topic.utf8)) else { continue }
                var decoder = PayloadDecoder(rule.payload)
                Array(payload.utf8).withUnsafeBytes { decoder.decode($0) }
                for reading in decoder.readings {
                    let tag = rule.payload.tags[reading.tag]
                    values[rule.payload.definition(of: tag, captures: captures).name] =
                        (reading.value.value, reading.value.quality)
                }
            }
            for meaning in try CapturedMeaning.all(in: capture) {
                let found = try #require(values[meaning.tag], "\(path): no value \(meaning.tag) from \(topic)")
                #expect(meaning.isSame(as: found.value), "\(path): \(meaning.tag) is \(found.value)")
                #expect(found.quality == .good)
            }
        }
    }
}

extension ModbusValue {
    /// Its own registers, without the exponent that several values may share.
    fileprivate var registers: Range<Int> { address..<(address + width) }
}
