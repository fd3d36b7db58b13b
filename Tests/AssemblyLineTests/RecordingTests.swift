import Arrays
import AssemblyLine
import Signals
import Testing

@Suite struct RecordingTests {
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
        let values: [Float] = [1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60]
        let array = NPYArray(
            kind: .float32, shape: [2, 3, 2],
            bytes: values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) })
        let recording = try Recording(
            npy: array, rateHertz: 1_000, windowSamples: 3, geometry: .deepGroove6205, speedRPM: 1_500, channel: 1)
        #expect(recording.moments.map(\.window) == [[10, 20, 30], [40, 50, 60]])
        #expect(recording.overlap == 1)
        #expect(throws: NPYArray.Flaw.self) {
            try Recording(
                npy: array, rateHertz: 1_000, windowSamples: 3, geometry: .deepGroove6205, speedRPM: 1_500, channel: 2)
        }
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
