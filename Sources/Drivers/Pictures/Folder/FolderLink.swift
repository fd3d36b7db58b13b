import Glibc
import Logging
import Plant
import Threads

/// Watches one folder: takes each picture when it is complete, has it judged, and only then does with the file what was wished.
///
/// Runs on a thread of its own, which blocks in poll(2) and in reads of files.
actor FolderLink {
    /// Names of files that are known; of their bytes only those of the one that is judged are kept.
    private static let maxNames = PictureFolder.maxNames
    /// A folder that has been there for so long was no accident: the next wait starts small again.
    private static let stableAfter: Duration = .seconds(5)
    /// Between two lines of the log about files that nobody can judge; the counters say how many there were.
    private static let complaintPause: Duration = .seconds(60)

    private let link: LinkDefinition
    private let settings: FolderSettings
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor
    private let stop: WakeSignal
    private var backOff: BackOff

    /// What is known of a file that lies there.
    private enum Note: Equatable {
        /// It is watched until it stays as it is.
        case settling(FileIdentity, since: MonotonicTime)
        /// Its verdict is durable.
        case judged(FileIdentity)
        /// Nobody can judge it while it stays as it is.
        case refused(FileIdentity?, FileFault)

        var isSettling: Bool { if case .settling = self { true } else { false } }
    }

    private var notes: [String: Note] = [:]
    /// What the store says that this link has judged before; looked at until the folder has been looked through.
    private var inherited: Set<MessageReceipt> = []
    private var knowsReceipts = false
    private var hasConnected = false
    /// Files to be judged, oldest first.
    private var waiting: [String] = []
    private var isWaiting: Set<String> = []
    private var nextScan: MonotonicTime
    private var lastComplaint: MonotonicTime?

    private nonisolated let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        link: LinkDefinition, settings: FolderSettings, clock: any PlantClock, logger: Logger, monitor: LinkMonitor
    ) throws(LinkFailure) {
        do { executor = try ThreadExecutor() } catch { throw .system(call: "pthread_create", code: error.code) }
        stop = try WakeSignal()
        self.link = link
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.monitor = monitor
        backOff = BackOff(seed: UInt64.random(in: .min ... .max))
        nextScan = clock.monotonic()
    }

    func run(into sink: any SampleSink, pictures: any PictureSink) async {
        let desk = PictureDesk(pictures: pictures, monitor: monitor)
        await withTaskCancellationHandler {
            while !Task.isCancelled { await watchOnce(sink, desk) }
            monitor.enter(.stopped)
        } onCancel: {
            stop.raise()
        }
    }

    /// The folder from its opening until it cannot be used or its pictures are not taken, and the wait after it.
    private func watchOnce(_ sink: any SampleSink, _ desk: PictureDesk) async {
        monitor.enter(.connecting)
        let start = clock.monotonic()
        do {
            let folder = try PictureFolder(settings.path)
            let isNotified = folder.isWatched
            if !knowsReceipts {
                inherited = Set(try await sink.storedReceipts(link: link.name))
                knowsReceipts = true
            }
            monitor.enter(.connected)
            if hasConnected { monitor.count { $0.reconnects += 1 } }
            hasConnected = true
            logger.info("folder is watched", metadata: ["link": "\(link.name)", "notified": "\(isNotified)"])
            try await watch(folder, desk)
        } catch {
            if Task.isCancelled { return }
            monitor.record(error: "\(error)")
            logger.warning("pictures are not taken", metadata: ["link": "\(link.name)", "error": "\(error)"])
        }
        if Task.isCancelled { return }
        if clock.monotonic() - start >= Self.stableAfter { backOff.reset() }
        let wait = backOff.wait()
        monitor.enter(.waiting(until: clock.monotonic() + wait))
        stop.wait(timeout: wait)
    }

    private func watch(_ folder: PictureFolder, _ desk: PictureDesk) async throws {
        // Looked for again: some may have been stored without anybody being told.
        (waiting, isWaiting) = ([], [])
        nextScan = clock.monotonic()
        while !Task.isCancelled {
            for name in folder.news() where settings.takes(name) { append(name) }
            guard !folder.isGone else { throw LinkFailure.file(path: settings.path, code: ENOENT) }
            if folder.hasLostEvents || clock.monotonic() >= nextScan { try scan(folder) }
            monitor.update {
                $0.figures = ["waiting": waiting.count, "known": notes.count, "notified": folder.isWatched ? 1 : 0]
            }
            let trouble = waiting.isEmpty ? nil : desk.trouble(settings.stream)
            if let trouble { complain("\(trouble); \(waiting.count) files wait") }
            if let name = waiting.first, trouble == nil {
                // After a refusal it is still there, first of all.
                try await take(name, folder, desk)
                waiting.removeFirst()
                isWaiting.remove(name)
            } else {
                _ = Polling.wait(
                    [(folder.descriptor, Int16(POLLIN)), (stop.descriptor, Int16(POLLIN))],
                    timeout: nextScan - clock.monotonic())
            }
        }
    }

    // MARK: Finding

    private func append(_ name: String) {
        // What has no room is found when the folder is looked through again.
        guard waiting.count < Self.maxNames, isWaiting.insert(name).inserted else { return }
        waiting.append(name)
    }

    /// Looks through the folder: for files that nobody has told of, and for judged ones that are still there.
    private func scan(_ folder: PictureFolder) throws(LinkFailure) {
        let listing = try folder.list()
        let now = clock.monotonic()
        var ready: [FileIdentity] = []
        var present: [String: Note] = [:]
        var canFinish = true
        for name in listing.names where settings.takes(name) {
            guard !isWaiting.contains(name) else {
                present[name] = notes[name]
                continue
            }
            do throws(FileFault) {
                let identity = try folder.identity(of: name)
                let note = note(of: identity, at: now)
                present[name] = note
                notes[name] = note
                switch note {
                // After one that cannot be moved or deleted, the others wait for the next time: a full disk is full for all.
                case .judged: canFinish = canFinish && finish(name, folder)
                case nil: ready.append(identity)
                case .settling, .refused: break
                }
                if notes[name] == nil { present[name] = nil }
            } catch {
                refuse(name, nil, error)
                present[name] = notes[name]
            }
        }
        if listing.isCut { present.merge(notes) { new, _ in new } } else { inherited = [] }
        notes = present
        for identity in ready.sorted(by: { ($0.modified, $0.name) < ($1.modified, $1.name) }) { append(identity.name) }
        if let complaint = complaint(of: listing) { complain(complaint) }
        let isSettling = notes.values.contains(where: \.isSettling)
        nextScan = now + (isSettling ? min(settings.settle, settings.rescan) : settings.rescan)
    }

    /// - Returns: nil for a file that is to be judged now.
    private func note(of identity: FileIdentity, at now: MonotonicTime) -> Note? {
        if wasJudged(identity) { return .judged(identity) }
        switch notes[identity.name] {
        // Permission is given without a trace in size or time, so that is tried again.
        case .refused(identity, let fault) where fault != .unreadable: return .refused(identity, fault)
        case .refused(identity, _): return nil
        case .settling(identity, let since) where now - since >= settings.settle && identity.bytes > 0: return nil
        case .settling(identity, let since): return .settling(identity, since: since)
        default: return settings.settle == .zero && identity.bytes > 0 ? nil : .settling(identity, since: now)
        }
    }

    private func wasJudged(_ identity: FileIdentity) -> Bool {
        if notes[identity.name] == .judged(identity) { return true }
        guard !inherited.isEmpty, inherited.remove(identity.receipt) != nil else { return false }
        monitor.count { $0.duplicates += 1 }
        return true
    }

    private func complaint(of listing: PictureFolder.Listing) -> String? {
        if listing.isCut {
            return "expected at most \(Self.maxNames) files, found more; some wait until others have gone"
        }
        return listing.unreadableNames > 0
            ? "expected names in UTF-8, found \(listing.unreadableNames) in something else, which are left alone" : nil
    }

    // MARK: Judging

    /// - Throws: when the picture was not judged and is to be offered again.
    private func take(_ name: String, _ folder: PictureFolder, _ desk: PictureDesk) async throws(LinkFailure) {
        guard let (file, picture) = read(name, folder) else { return }
        if let picture {
            guard notes.count < Self.maxNames || notes[name] != nil else {
                return complain(
                    "expected at most \(Self.maxNames) judged files, which is what can be told apart, found more; "
                        + "\(name) and later ones wait until some have gone")
            }
            // Also when it is not taken: it may have been stored, and nobody able to say so.
            knowsReceipts = false
            _ = try await desk.judge(picture)
            knowsReceipts = true
        }
        notes[name] = .judged(file.identity)
        finish(file, folder)
    }

    /// - Returns: nil when there is nothing to judge; no picture where it has been judged already.
    private func read(_ name: String, _ folder: PictureFolder) -> (PictureFile, FieldPicture?)? {
        var identity: FileIdentity?
        do throws(FileFault) {
            let file = try folder.open(name)
            identity = file.identity
            // Who has made a file is about to write it.
            guard file.identity.bytes > 0 else { return nil }
            if wasJudged(file.identity) { return (file, nil) }
            let bytes = try file.bytes(limit: settings.form.maxBytes)
            guard folder.holds(file) else { throw .changed }
            monitor.count { $0.received += 1 }
            return (file, picture(bytes, of: file.identity))
        } catch {
            refuse(name, identity, error)
            return nil
        }
    }

    private func picture(_ bytes: [UInt8], of identity: FileIdentity) -> FieldPicture {
        let part = settings.part?.match(identity.name).flatMap { PartName.isValid($0) ? $0 : nil }
        return FieldPicture(
            link: link.name, stream: settings.stream, bytes: bytes, encoding: settings.form.encoding,
            name: identity.name, part: part, sourceTime: identity.modified, arrival: clock.wall(),
            monotonic: clock.monotonic(), receipt: identity.receipt)
    }

    /// Does with a judged file what was wished.
    ///
    /// - Returns: whether that could be done; if not, it is tried again whenever the folder is looked through.
    private func finish(_ name: String, _ folder: PictureFolder) -> Bool {
        if settings.afterwards == .keep { return true }
        guard let file = try? folder.open(name), notes[name] == .judged(file.identity) else { return true }
        return finish(file, folder)
    }

    @discardableResult
    private func finish(_ file: PictureFile, _ folder: PictureFolder) -> Bool {
        let name = file.identity.name
        do throws(LinkFailure) {
            let hasGone =
                switch settings.afterwards {
                case .keep: true
                case .delete: try folder.delete(file)
                case .move(let target): try folder.move(file, to: target)
                }
            if settings.afterwards != .keep { notes[name] = nil }
            // Another picture has its name by now.
            if !hasGone { nextScan = clock.monotonic() }
            return true
        } catch {
            complain("judged, and still there: \(error)")
            return false
        }
    }

    // MARK: What goes wrong

    private func refuse(_ name: String, _ identity: FileIdentity?, _ fault: FileFault) {
        let note = Note.refused(identity, fault)
        if fault == .changed {
            // Whoever writes it will have done so soon.
            notes[name] = nil
            nextScan = min(nextScan, clock.monotonic() + settings.settle)
            return
        }
        guard notes[name] != note else { return }
        notes[name] = fault == .vanished ? nil : note
        monitor.update { status in
            status.counters.malformed[fault.rawValue, default: 0] += 1
            let rejected = RejectedPayload(
                at: clock.wall(), picture: name, cause: fault.rawValue, bytes: identity?.bytes ?? 0)
            status.rejected = (status.rejected + [rejected]).suffix(RejectedPayload.kept)
        }
        complain("\(name): \(fault.reason(identity, limit: settings.form.maxBytes))")
    }

    private func complain(_ reason: String) {
        monitor.record(error: "\(settings.path): \(reason)")
        let now = clock.monotonic()
        if let lastComplaint, now - lastComplaint < Self.complaintPause { return }
        lastComplaint = now
        logger.warning("file of a folder", metadata: ["link": "\(link.name)", "error": "\(reason)"])
    }
}
