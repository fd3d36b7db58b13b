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
    private let stop: HostStop?
    private var process: HostProcess?
    private var shared: SharedMemory?
    private var buffers: BoundBuffers?

    /// How long the library may take before its process is ended.
    package struct Limits: Hashable, Sendable {
        package var open: Duration
        package var load: Duration
        package var run: Duration
        /// To free the model; what it has not freed goes with the process.
        package var unload: Duration

        package init(
            open: Duration = .seconds(10), load: Duration = .seconds(60), run: Duration = .seconds(5),
            unload: Duration = .seconds(1)
        ) {
            self.open = open
            self.load = load
            self.run = run
            self.unload = unload
        }
    }

    /// Starts a process and opens the library in it.
    ///
    /// - Parameter library: a file, or nil to let the loader look for the vendor's usual name.
    /// - Parameter stop: can end the process from another thread.
    /// - Throws: not found, a missing function, another version, or that there is no such process to be had.
    package init(
        _ interface: VendorInterface, library path: String? = nil, program: HostProgram = .own,
        limits: Limits = Limits(), stop: HostStop? = nil
    ) throws(AcceleratorError) {
        self.interface = interface
        self.path = path
        self.program = program
        self.limits = limits
        self.stop = stop
        library = AcceleratorLibrary(name: path ?? interface.libraryName, version: "", detail: "")
        try start()
    }

    private func start() throws(AcceleratorError) {
        process = try HostProcess(program, [interface.rawValue] + (path.map { [$0] } ?? []), stop)
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
            try share()
        } catch {
            drop()
            throw error
        }
    }

    private func hand(_ model: UnsafeRawBufferPointer) throws(AcceleratorError) {
        guard let process else { throw .notReady(needs: "a process") }
        // Written once, and never read again on this side: what the library makes of its own copy is its own affair.
        let memory = try SharedMemory.sized(process.model, bytes: model.count)
        memory.bytes.copyMemory(from: model)
    }

    /// Gives the tensors' file the size that was described; the library's side maps it only then.
    private func share() throws(AcceleratorError) {
        guard let process else { throw .notReady(needs: "a process") }
        let bytes = inputBytes + outputBytes
        shared = try SharedMemory.sized(process.tensors, bytes: bytes)
        try send(["bind", "\(bytes)"])
        let words = try answer("handing over tensors", within: limits.open)
        guard words == ["bound"] else { throw garbled(words) }
    }

    private func describe(_ words: [String]) throws(AcceleratorError) {
        guard words.first == "loaded", words.count > 5, let count = Int(words[4]),
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
        try DescribedTensor.checkCount(count, "inputs")
        try DescribedTensor.checkCount(tensors.count - count, "outputs")
        let bytes = tensors.reduce(0) { $0 + $1.byteCount }
        guard bytes <= AcceleratorTensor.maximumBytes else {
            throw .wrongTensor(
                name: "model", what: "bytes of all tensors", expected: "at most \(AcceleratorTensor.maximumBytes)",
                found: "\(bytes)")
        }
        library = loaded
        inputs = Array(tensors[..<count])
        outputs = Array(tensors[count...])
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

    /// Asks the library to free the model, then ends its process, whatever the library makes of it; takes 3 s at most.
    package func unload() {
        if let process, shared != nil,
            (try? process.channel.send(HostMessage(["end"]), within: limits.unload)) != nil
        {
            _ = try? process.channel.receive(within: limits.unload)
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
            try process.channel.send(HostMessage(words), within: limits.run)
        } catch {
            throw lost("a request", error, limit: limits.run)
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
        guard let process else { return .host(call: what, reason: "no process") }
        guard let how = failure == .closed ? process.endedByItself() : process.end() else {
            return .stuck(during: what, process: process.pid, limit: HostProcess.grace)
        }
        switch failure {
        case .late: return .timedOut(during: what, limit: limit)
        case .garbled: return .host(call: what, reason: "an answer that is none")
        case .closed: return .hostEnded(during: what, how: how)
        }
    }
}
