import Arrays
import AssemblyLine
import Signals
import Testing

@Suite struct RecordingTests {
    static func npy(_ shape: String, _ values: [Float], descr: String = "<f4", version: UInt8 = 1) -> [UInt8] {
        var header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }"
        while (header.utf8.count + 11) % 64 != 0 { header += " " }
        header += "\n"
        var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0]
        bytes += [UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)]
        if version == 2 { bytes += [0, 0] }
        bytes += header.utf8
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
        return bytes
    }

    @Test func arraysOfBothVersionsRead() throws {
        for version in [UInt8(1), 2] {
            let array = try NPYArray(Self.npy("(2, 3)", [1, 2, 3, 4, 5, -6.5], version: version))
            #expect(array.shape == [2, 3])
            #expect(try array.floats() == [1, 2, 3, 4, 5, -6.5])
        }
        #expect(try NPYArray(Self.npy("(1,)", [7])).shape == [1])
    }

    @Test func anArrayCutShortAnywhereIsRefused() {
        let bytes = Self.npy("(2, 3)", [1, 2, 3, 4, 5, 6])
        for length in bytes.indices {
            #expect(throws: NPYArray.Flaw.self) { try NPYArray(Array(bytes[..<length])) }
        }
        #expect(throws: NPYArray.Flaw.self) { try NPYArray(bytes + [0]) }
    }

    @Test func flippedBytesAreReadOrRefusedButNeverCrash() {
        let bytes = Self.npy("(2, 3)", [1, 2, 3, 4, 5, 6])
        for at in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[at] ^= 1 << bit
                if let array = try? NPYArray(flipped) {
                    #expect(array.bytes.count == array.kind.size * array.shape.reduce(1, *))
                }
            }
        }
    }

    @Test(arguments: ["(99999999999999999999,)", "(268435456, 268435456)", "(-1,)", "(x,)", "2"])
    func hostileShapesAreRefused(shape: String) {
        #expect(throws: NPYArray.Flaw.self) { try NPYArray(Self.npy(shape, [1])) }
    }

    @Test func otherTypesAreRefused() {
        for type in ["<f8", "|i1", ">f4"] {
            #expect(throws: NPYArray.Flaw.self) { try NPYArray(Self.npy("(1,)", [1], descr: type)) }
        }
    }

    @Test func aContinuousRecordIsCutIntoWindowsThatShareSamples() {
        let samples = (0..<1000).map { Float($0) }
        let recording = Recording(
            samples: samples, shape: WindowShape(samples: 400, rateHertz: 1_000), geometry: .deepGroove6205,
            speedRPM: 1_500)
        #expect(recording.moments.map { $0.window[0] } == [0, 100, 200, 300, 400, 500, 600])
        #expect(recording.moments.allSatisfy { $0.window.count == 400 })
        #expect(recording.overlap == 4)
    }

    @Test func oneChannelIsTakenOfSeveral() throws {
        let array = NPYArrayFixture.twoWindowsOfThreeSamplesOnTwoChannels
        let recording = try Recording(
            npy: try NPYArray(array), rateHertz: 1_000, windowSamples: 3, geometry: .deepGroove6205, speedRPM: 1_500,
            channel: 1)
        #expect(recording.moments.map(\.window) == [[10, 20, 30], [40, 50, 60]])
        #expect(recording.overlap == 1)
        #expect(throws: NPYArray.Flaw.self) {
            try Recording(
                npy: try NPYArray(array), rateHertz: 1_000, windowSamples: 3, geometry: .deepGroove6205,
                speedRPM: 1_500, channel: 2)
        }
    }

    enum NPYArrayFixture {
        static let twoWindowsOfThreeSamplesOnTwoChannels = npy(
            "(2, 3, 2)", [1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60])
    }

    @Test func rowsThatShareSamplesWithOnesLeftOutAreNotTrainedOn() {
        var everOut = Set<Int>()
        for fold in 0..<Train.folds {
            let (inside, outside) = Train.split(positions: Array(0..<60), overlap: 4, fold: fold)
            #expect(!inside.isEmpty)
            everOut.formUnion(outside)
            for row in inside { #expect(outside.allSatisfy { abs($0 - row) >= 4 }) }
        }
        #expect(everOut == Set(0..<60))
    }
}
