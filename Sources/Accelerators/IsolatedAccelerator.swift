import Glibc
import Graph
package import Runtime

/// A vendor's library in a process of its own, so that a crash or hang inside it ends that process only.
///
/// One process a model: loading starts it, ``unload()`` ends it, and with it whatever the library has not given back.
// SAFETY: bound buffers are the caller's for as long as Accelerator.bind demands; they are compared with the model's sizes
// when they are bound, and shared memory holds both one after the other.
package final class IsolatedAccelerator: Accelerator {
    package private(set) var library: AcceleratorLibrary
    package private(set) var inputs: [AcceleratorTensor] = []
    package private(set) var outputs: [AcceleratorTensor] = []
    /// Of the library's process; nil while there is none.
    package var processID: Int32? { process?.pid }

    private let interface: VendorInterface
    private let path: String?
    private let program: HostProgram
    private let limits: Limits
    private var process: HostProcess?
    private var shared: SharedMemory?
    private var buffers: BoundBuffers?

    /// How long the library may take before its process is ended.
    package struct Limits: Hashable, Sendable {
        package var open: Duration
        package var load: Duration
        package var run: Duration

        package init(open: Duration = .seconds(10), load: Duration = .seconds(60), run: Duration = .seconds(5)) {
            self.open = open
            self.load = load
            self.run = run
        }
    }

    /// Starts a process and opens the library in it.
    ///
    /// - Parameter library: a file, or nil to let the loader look for the vendor's usual name.
    /// - Throws: not found, a missing function, another version, or that there is no such process to be had.
    package init(
        _ interface: VendorInterface, library path: String? = nil, program: HostProgram = .own,
        limits: Limits = Limits()
    ) throws(AcceleratorError) {
        self.interface = interface
        self.path = path
        self.program = program
        self.limits = limits
        library = AcceleratorLibrary(name: path ?? interface.libraryName, version: "", detail: "")
        try start()
    }

    private func start() throws(AcceleratorError) {
        process = try HostProcess(program, [interface.rawValue] + (path.map { [$0] } ?? []))
        let words = try answer("opening \(library.name)", within: limits.open)
        guard words.first == "ready", let opened = AcceleratorLibrary(words: words.dropFirst()) else {
            throw garbled(words)
        }
        library = opened
    }

    package func load(_ model: UnsafeRawBufferPointer, placement: AcceleratorPlacement) throws(AcceleratorError) {
        if shared != nil { unload() }
        if process == nil { try start() }
        do throws(AcceleratorError) {
            try hand(model)
            let cores = placement.cores.map(String.init).joined(separator: ",")
            try send(["load", "\(model.count)", "\(placement.device)", cores])
            try describe(try answer("loading a model", within: limits.load))
        } catch {
            drop()
            throw error
        }
    }

    private func hand(_ model: UnsafeRawBufferPointer) throws(AcceleratorError) {
        guard let process else { throw .notReady(needs: "a process") }
        try SharedMemory.size(process.model, bytes: model.count)
        let memory = try SharedMemory(process.model, bytes: model.count)
        memory.bytes.copyMemory(from: model)
    }

    private func describe(_ words: [String]) throws(AcceleratorError) {
        guard let process, words.first == "loaded", words.count > 5, let count = Int(words[4]),
            let loaded = AcceleratorLibrary(words: words[1..<4])
        else { throw garbled(words) }
        var tensors: [AcceleratorTensor] = []
        var rest = words[5...]
        while !rest.isEmpty {
            guard let tensor = AcceleratorTensor(words: rest.prefix(AcceleratorTensor.wordCount)) else {
                throw garbled(words)
            }
            tensors.append(tensor)
            rest = rest.dropFirst(AcceleratorTensor.wordCount)
        }
        guard (1..<tensors.count).contains(count) else { throw garbled(words) }
        library = loaded
        inputs = Array(tensors[..<count])
        outputs = Array(tensors[count...])
        shared = try SharedMemory(process.tensors, bytes: inputBytes + outputBytes)
    }

    package func bind(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws(AcceleratorError) {
        buffers = try BoundBuffers(input, output, self)
    }

    package func run() throws(AcceleratorError) -> AcceleratorTiming {
        guard let shared, let buffers, let start = shared.bytes.baseAddress else {
            throw .notReady(needs: "a loaded model and bound buffers")
        }
        let clock = ContinuousClock()
        let began = clock.now
        start.copyMemory(from: buffers.input, byteCount: inputBytes)
        try send(["run"])
        let words = try answer("an inference", within: limits.run)
        guard words.first == "ran", words.count == 2 else { throw garbled(words) }
        buffers.output.copyMemory(from: start + inputBytes, byteCount: outputBytes)
        return AcceleratorTiming(library: Int64(words[1]).map { .nanoseconds($0) }, wall: clock.now - began)
    }

    /// Asks the library to free the model, then ends its process, whatever the library makes of it.
    package func unload() {
        if let process, shared != nil, (try? process.channel.send(HostMessage(["end"]))) != nil {
            _ = try? process.channel.receive(within: limits.open)
        }
        drop()
    }

    private func drop() {
        process = nil
        shared = nil
        buffers = nil
        inputs = []
        outputs = []
    }

    private func garbled(_ words: [String]) -> AcceleratorError {
        drop()
        return .host(call: "vendor library's process", reason: "an answer that is none: \(words.first ?? "nothing")")
    }

    private func send(_ words: [String]) throws(AcceleratorError) {
        guard let process else { throw .notReady(needs: "a loaded model") }
        do {
            try process.channel.send(HostMessage(words))
        } catch {
            throw lost("a request", error, limit: .zero)
        }
    }

    private func answer(_ what: String, within limit: Duration) throws(AcceleratorError) -> [String] {
        guard let process else { throw .notReady(needs: "a process") }
        let words: [String]
        do {
            words = try process.channel.receive(within: limit).words
        } catch {
            throw lost(what, error, limit: limit)
        }
        guard words.first == "error" else { return words }
        guard let error = AcceleratorError(words: Array(words.dropFirst())) else { throw garbled(words) }
        throw error
    }

    /// Ends what is left of the process, and says why.
    private func lost(_ what: String, _ failure: HostChannel.Failure, limit: Duration) -> AcceleratorError {
        defer { drop() }
        switch failure {
        case .late: return .timedOut(during: what, limit: limit)
        case .garbled: return .host(call: what, reason: "an answer that is none")
        case .closed: return .hostEnded(during: what, how: process?.endedByItself() ?? "unknown")
        }
    }
}
