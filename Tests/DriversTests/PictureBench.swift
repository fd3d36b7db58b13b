import Drivers
import Glibc
import Logging
import Plant
import Synchronization
import TestBench

/// Judges pictures as a test wants it, and keeps the receipts as the store does.
actor PictureJudge: PictureSink {
    enum Mode: Sendable, Equatable {
        case accept
        /// Throws, as a station does whose store is full.
        case refuse
        /// Stores the verdict, and then says that it did not.
        case forget
        /// Never returns until the mode changes or the caller is cancelled.
        case hold
        /// Never returns until the mode changes, whatever becomes of the caller, as a station does that has begun.
        case holdOn
    }

    struct Refused: Error {}

    private(set) var mode: Mode
    /// Pictures whose verdict is durable, oldest first.
    private(set) var taken: [FieldPicture] = []
    /// How often a picture was offered, taken or not.
    private(set) var offers = 0
    /// Where receipts are kept.
    let store: MemorySink
    private var held: [CheckedContinuation<Void, Never>] = []

    init(_ store: MemorySink, mode: Mode = .accept) {
        self.store = store
        self.mode = mode
    }

    var names: [String] { taken.map(\.name) }

    func set(_ mode: Mode) {
        self.mode = mode
        release()
    }

    /// Whether there is a station at all.
    private let isThere = Mutex(true)
    nonisolated func judges(_ stream: String) -> Bool { isThere.withLock { $0 } }
    nonisolated func beThere(_ isHere: Bool) { isThere.withLock { $0 = isHere } }

    func take(_ picture: FieldPicture) async throws -> PictureAnswer {
        offers += 1
        if mode == .hold {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    if Task.isCancelled { continuation.resume() } else { held.append(continuation) }
                }
            } onCancel: {
                // A cancellation handler is synchronous, and only the actor may touch what it holds.
                Task { await self.release() }
            }
        }
        if mode == .holdOn {
            await withCheckedContinuation { held.append($0) }
        } else {
            try Task.checkCancellation()
        }
        guard mode != .refuse else { throw Refused() }
        if let receipt = picture.receipt {
            // As a station does: what has begun is stored.
            try await Task { try await store.store(SampleBatch(link: picture.link, receipts: [receipt])) }.value
        }
        taken.append(picture)
        if mode == .forget { throw Refused() }
        let isBad = picture.bytes.last == UInt8(ascii: "-")
        let word = isBad ? "defect" : "good"
        return PictureAnswer(
            verdict: isBad ? .defect : .good,
            json: Array("{\"file\":\"\(picture.name)\",\"verdict\":\"\(word)\"}".utf8))
    }

    private func release() {
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }
}

/// One link with pictures at work.
struct PictureBench: Sendable {
    let driver: any PictureDriver
    let judge: PictureJudge
    let tags: TagRegister
    private let task: Task<Void, any Error>

    struct NoPictures: Error {}

    init(_ link: LinkDefinition, store: MemorySink = MemorySink(), mode: PictureJudge.Mode = .accept) throws {
        let tags = TagRegister()
        let driver = Drivers.driver(
            for: link, tags: tags, clock: MachineClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        guard let driver = driver as? any PictureDriver else { throw NoPictures() }
        self.init(driver, store: store, mode: mode, tags: tags)
    }

    init(_ driver: any PictureDriver, store: MemorySink, mode: PictureJudge.Mode, tags: TagRegister) {
        let judge = PictureJudge(store, mode: mode)
        self.driver = driver
        self.judge = judge
        self.tags = tags
        task = Task { try await driver.run(into: store, pictures: judge) }
    }

    var status: LinkStatus { driver.status() }
    var counters: LinkCounters { driver.status().counters }

    func stop() async {
        task.cancel()
        _ = await task.result
    }

    func isConnected() async -> Bool { await eventually { status.state == .connected } }

    /// Waits until pictures of these names have their verdicts, in this order.
    func hasTaken(_ names: [String]) async -> Bool { await eventually { await judge.names == names } }
}

/// Writes a file as a test wants it found.
func write(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw BadConfiguration(description: "\(path): \(String(cString: strerror(errno)))") }
    defer { close(file) }
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
        throw BadConfiguration(description: "\(path): \(String(cString: strerror(errno)))")
    }
}

/// What a file contains; nil when there is none.
func contents(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(file, &bytes, bytes.count)
    return count >= 0 ? Array(bytes[..<count]) : nil
}

/// Names of what lies in a folder, in order.
func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
