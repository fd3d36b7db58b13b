import CVendorRuntimes
import Glibc
import Runtime

/// The process in which a vendor's library runs, seen from inside: one library, one model, until it is told to end.
package enum AcceleratorHost {
    /// Word on the command line that makes `millwright` such a process.
    package static let command = "accelerator-host"

    /// Descriptors that the program which starts this process leaves open in it.
    static let channelDescriptor: Int32 = 3
    static let modelDescriptor: Int32 = 4
    static let tensorDescriptor: Int32 = 5

    /// Serves until the other end closes or says so.
    ///
    /// - Parameter arguments: the interface (``VendorInterface``), then the library's path if it is not the usual one.
    /// - Returns: the process's exit code.
    package static func serve(_ arguments: [String]) -> Int32 {
        let channel = HostChannel(descriptor: channelDescriptor)
        guard (1...2).contains(arguments.count), let interface = VendorInterface(rawValue: arguments[0]),
            mw_end_with_peer(channel.descriptor) == 0
        else { return 64 }
        let accelerator: any Accelerator
        do throws(AcceleratorError) {
            accelerator = try interface.openHere(library: arguments.count > 1 ? arguments[1] : nil)
        } catch {
            answer(channel, ["error"] + error.words)
            return 1
        }
        guard answer(channel, ["ready"] + accelerator.library.words) else { return 1 }
        var server = Server(accelerator: accelerator)
        while let request = try? channel.receive(within: nil) {
            let words: [String]
            do throws(AcceleratorError) {
                words = try server.handle(request.words)
            } catch {
                words = ["error"] + error.words
            }
            guard answer(channel, words) else { return 1 }
            if request.words.first == "end" { return 0 }
        }
        return 0
    }

    @discardableResult
    private static func answer(_ channel: HostChannel, _ words: [String]) -> Bool {
        do {
            try channel.send(HostMessage(words), within: nil)
            return true
        } catch {
            return false
        }
    }

    private struct Server {
        let accelerator: any Accelerator
        var model: SharedMemory?
        var tensors: SharedMemory?

        mutating func handle(_ words: [String]) throws(AcceleratorError) -> [String] {
            switch words.first {
            case "load" where words.count == 4: return try load(words)
            case "bind" where words.count == 2: return try bind(words)
            case "run": return try run()
            case "end":
                accelerator.unload()
                return ["ended"]
            default: throw .host(call: "vendor library's process", reason: "unknown request \(words)")
            }
        }

        private mutating func load(_ words: [String]) throws(AcceleratorError) -> [String] {
            guard let size = Int(words[1]), let device = Int(words[2]) else {
                throw .host(call: "load", reason: "expected numbers, found \(words)")
            }
            let model = try SharedMemory(modelDescriptor, bytes: size)
            self.model = model
            let cores = words[3].split(separator: ",").compactMap { Int($0) }
            try accelerator.load(
                UnsafeRawBufferPointer(model.bytes), placement: AcceleratorPlacement(device: device, cores: cores))
            return ["loaded"] + accelerator.library.words + ["\(accelerator.inputs.count)"]
                + (accelerator.inputs + accelerator.outputs).flatMap(\.words)
        }

        /// The other side has given the tensors' file its size, for good.
        private mutating func bind(_ words: [String]) throws(AcceleratorError) -> [String] {
            let (ins, outs) = (accelerator.inputBytes, accelerator.outputBytes)
            guard accelerator.inputs.count > 0, Int(words[1]) == ins + outs else {
                throw .host(call: "bind", reason: "expected \(ins + outs) bytes, found \(words[1])")
            }
            let tensors = try SharedMemory(tensorDescriptor, bytes: ins + outs)
            self.tensors = tensors
            // SAFETY: both parts lie within the mapping, which this server keeps as long as the accelerator.
            try accelerator.bind(
                input: UnsafeRawBufferPointer(rebasing: tensors.bytes[..<ins]),
                output: UnsafeMutableRawBufferPointer(rebasing: tensors.bytes[ins...]))
            return ["bound"]
        }

        private func run() throws(AcceleratorError) -> [String] {
            let timing = try accelerator.run()
            return ["ran", timing.library.map { "\(Int64($0 / .nanoseconds(1)))" } ?? ""]
        }
    }
}
