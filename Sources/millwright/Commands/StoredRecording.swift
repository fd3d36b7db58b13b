import AssemblyLine
import Host
import Plant
import Scoring
import Store

/// What the daemon has stored of one machine, as the line takes it: windows with the speed and load of their time.
struct StoredRecording {
    let configuration: PlantConfiguration
    let asset: String

    /// More windows than this add nothing but time: 2,000 are hours of running.
    private static let windowLimit = 2_000

    func read(pack: RotatingMachinePack, overlap: Int) async throws -> Recording {
        guard let definition = configuration.assets.first(where: { $0.id == asset }) else {
            throw StoredRecordingError.noAsset(asset, known: configuration.assets.map(\.id))
        }
        let reader = try StoreReader(
            directory: configuration.store.directory, clock: SystemClock(), logger: CommandLog.logger)
        let tags = try await reader.tags()
        func tag(_ role: String) -> TagID? { definition.inputs[role].flatMap { tags[$0]?.id } }
        guard let vibration = tag("vibration") else { throw StoredRecordingError.nothingStored(asset) }
        let (speed, load) = (tag("speed"), tag("load"))
        var join = ProcessJoin(largestAge: definition.processMaximumAge)
        var moments: [Recording.Moment] = []
        var cursor: Int64 = 0
        while moments.count < Self.windowLimit {
            let page = try await reader.samples(after: cursor, limit: 256)
            for stored in page.samples {
                let sample = stored.sample
                guard sample.tag == vibration else {
                    if sample.tag == speed || sample.tag == load { join.take(sample) }
                    continue
                }
                guard sample.quality.isGood, case .waveform(let window) = sample.value,
                    let rpm = value(join, speed, at: sample.time)
                else { continue }
                moments.append(
                    Recording.Moment(window: window, speedRPM: rpm, loadPercent: value(join, load, at: sample.time)))
            }
            cursor = page.through
            if page.isEnd { break }
        }
        guard !moments.isEmpty else { throw StoredRecordingError.nothingStored(asset) }
        // A model either knows the load of each window or does without.
        if !moments.allSatisfy({ $0.loadPercent != nil }) {
            for index in moments.indices { moments[index].loadPercent = nil }
        }
        return Recording(shape: pack.window, geometry: pack.bearing, moments: moments, overlap: overlap)
    }

    private func value(_ join: ProcessJoin, _ tag: TagID?, at time: WallTime) -> Double? {
        guard let tag, case .value(let value, _) = join.value(of: tag, at: time) else { return nil }
        return value
    }
}

enum StoredRecordingError: Error, CustomStringConvertible {
    case noAsset(String, known: [String])
    case nothingStored(String)

    var description: String {
        switch self {
        case .noAsset(let asset, let known):
            "no asset \"\(asset)\"; the configuration has \(known.joined(separator: ", "))"
        case .nothingStored(let asset): "the store holds no good window of \(asset) with a good speed yet"
        }
    }
}
