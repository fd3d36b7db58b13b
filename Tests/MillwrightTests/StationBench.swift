import Drivers
import Inspection
import Logging
import Pictures
import Plant
import Store
import Synchronization
import TestBench
import Testing
import YAML

@testable import millwright

/// Stations on a real store, with a clock that is wound by hand and a line that writes down what it is told.
final class StationBench: Sendable {
    /// The line's end of the gate.
    final class Line: FieldWriter, Sendable {
        private let told = Mutex<[Double]>([])
        var values: [Double] { told.withLock { $0 } }

        func write(_ tag: String, _ value: Double, within limit: Duration) async -> WriteOutcome {
            told.withLock { values in
                values.append(value)
                return .written(old: 0)
            }
        }
    }

    static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
    static let plant = """
        plant: { name: Works, device: box-1 }
        store: { directory: store, reserve: 1MB }
        links:
          - name: line
            driver: mqtt
            host: 127.0.0.1
            topics:
              - { topic: p, tag: press.part, payload: number }
              - { topic: n, tag: press.count, payload: number }
              - { topic: r, tag: press.recipe, payload: number }

        """

    let folder: TempDirectory
    let clock = ManualClock()
    let line = Line()
    let store: Store
    let stations: StationService
    let configuration: PlantConfiguration
    let numbers: [String: TagID]

    /// - Parameter station: keys of the station beside id, stream and model.
    init(_ station: String = "", model: String = "model: board.mwplan", in folder: TempDirectory? = nil) async throws {
        let folder = try folder ?? Self.folder()
        self.folder = folder
        try Files.write(Self.plant, to: folder.file("plant.yaml"))
        var configuration = try PlantConfiguration.load(path: folder.file("plant.yaml"))
        configuration.stations = [
            try Self.definition("id: press-3\npictures: cam\nbudget: 10s\n\(model)\n\(station)", folder.path)
        ]
        self.configuration = configuration
        store = try Store(
            directory: configuration.store.directory, limits: Limits(reserveBytes: 64 << 10), clock: clock,
            logger: Self.logger, bootID: "boot")
        stations = StationService(store: store, writer: line, clock: clock, logger: Self.logger)
        try await stations.configure(configuration)
        numbers = try await store.tags().mapValues(\.id)
    }

    static func folder() throws -> TempDirectory {
        let folder = try TempDirectory()
        try Files.write(model.get(), to: folder.file("board.mwplan"))
        return folder
    }

    /// Fitted once: it is the slowest part of a test.
    static let model = Result { try fitted() }

    private static func fitted() throws -> [UInt8] {
        let folder = try TempDirectory()
        func picture(_ bytes: [UInt8]) throws -> Picture { try PictureDecoder.decode(bytes, as: .grey).picture }
        var fit = try TemplateFit(
            golden: picture(InspectCommandTests.part(noise: 1)), region: nil, mask: nil, settings: .init())
        for noise in 2..<10 {
            _ = try fit.add(picture(InspectCommandTests.part(noise: noise)), name: "\(noise)")
        }
        try InspectionFile.write(fit.finish(budget: 0.01).model, network: nil, to: folder.file("board.mwplan"))
        return try Files.bytes(folder.file("board.mwplan"))
    }

    static func definition(_ text: String, _ directory: String) throws -> StationDefinition {
        let diagnostics = Diagnostics(file: "station")
        let node = try YAML.parse(Array(text.utf8), file: "station")
        var reader = try #require(MappingReader(node, path: "", diagnostics: diagnostics))
        let definition = StationDefinition(reading: &reader, directory: directory)
        reader.finish()
        try #require(diagnostics.isEmpty, "\(diagnostics.text)")
        return try #require(definition)
    }

    static let good = InspectCommandTests.part(noise: 20)
    static let blot = InspectCommandTests.part(noise: 21, blot: (60, 70))
    static let dark = InspectCommandTests.part(noise: 22, gain: 15)

    func picture(
        _ bytes: [UInt8], name: String = "part.png", part: String? = nil, receipt: UInt64? = nil
    ) -> FieldPicture {
        FieldPicture(
            link: "line", stream: "cam", bytes: bytes, name: name, part: part, arrival: clock.wall(),
            monotonic: clock.monotonic(), receipt: receipt.map { MessageReceipt(packetID: 1, digest: $0) })
    }

    @discardableResult func show(
        _ bytes: [UInt8], part: String? = nil, receipt: UInt64? = nil
    ) async throws -> PictureAnswer.Verdict {
        try await stations.take(picture(bytes, part: part, receipt: receipt)).verdict
    }

    func send(_ tag: String, _ value: Double) throws {
        let tag = try #require(numbers[tag])
        stations.see([
            Sample(
                tag: tag, value: .number(value), quality: .good, arrival: clock.wall(), monotonic: clock.monotonic())
        ])
    }

    /// Names of the evidence that is kept, in the order of their days and names.
    func evidence() async throws -> [String] {
        let keeper = try #require(stations.station(of: "cam")?.parts.evidence)
        await keeper.drain()
        return try EvidenceFolder.days(in: keeper.path).flatMap { day in
            try DirectoryListing.names(in: "\(keeper.path)/\(day)").map { "\(day)/\($0)" }
        }
    }

    var status: StatusReport.Station {
        get throws { try #require(stations.status().first) }
    }

    /// What is stored of each part under one of the station's tags, oldest first.
    func stored(_ output: StationDefinition.Output) async throws -> [Sample.Value] {
        let tag = try #require(try await store.tags()["press-3.\(output.rawValue)"]).id
        return try await store.samples(after: 0, limit: 10_000).samples.filter { $0.sample.tag == tag }
            .map(\.sample.value)
    }
}
