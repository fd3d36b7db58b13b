import Glibc

/// A file on its way: `path.part`, with the tag of what it is a part of in `path.part.tag`.
final class PartialFile {
    let path: String
    /// Bytes kept from earlier attempts.
    private(set) var lengthAtStart: Int64 = 0
    private(set) var length: Int64 = 0
    /// The tag of the file that the part belongs to.
    private(set) var tag: String?
    private let descriptor: Int32

    private var partPath: String { "\(path).part" }
    private var tagPath: String { "\(path).part.tag" }
    /// An entity tag of ours is 66 bytes.
    private static let maximumTagBytes = 1_024

    init(path: String, expectedTag: String?) throws(TransferError) {
        self.path = path
        descriptor = open("\(path).part", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .file(path: "\(path).part", operation: "open", errno: errno) }
        tag = Self.readTag("\(path).part.tag")
        // A part without a tag, or with another than the one asked for, cannot be gone on with.
        if tag == nil || (expectedTag != nil && tag != expectedTag) {
            try startAnew()
        } else {
            let end = lseek(descriptor, 0, SEEK_END)
            guard end >= 0 else { throw .file(path: partPath, operation: "seek", errno: errno) }
            lengthAtStart = Int64(end)
            length = lengthAtStart
        }
    }

    deinit { close(descriptor) }

    /// Drops what there is.
    func startAnew() throws(TransferError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw .file(path: partPath, operation: "truncate", errno: errno)
        }
        unlink(tagPath)
        tag = nil
        lengthAtStart = 0
        length = 0
    }

    /// Notes whose part follows. Written before the first byte: a part whose origin is not known is worth nothing.
    func note(tag: String) throws(TransferError) {
        guard tag.utf8.count <= Self.maximumTagBytes else { return }
        let file = open(tagPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { throw .file(path: tagPath, operation: "open", errno: errno) }
        defer { close(file) }
        let bytes = Array(tag.utf8)
        guard write(file, bytes, bytes.count) == bytes.count else {
            throw .file(path: tagPath, operation: "write", errno: errno)
        }
        self.tag = tag
    }

    // SAFETY: the bytes are alive during the call, and only read.
    func append(_ bytes: UnsafeRawBufferPointer) throws(TransferError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = write(descriptor, piece.baseAddress, piece.count)
            guard count > 0 || errno == EINTR else { throw .file(path: partPath, operation: "write", errno: errno) }
            rest = rest.dropFirst(max(0, count))
            length += Int64(max(0, count))
        }
    }

    /// Makes what has come durable, so that the next attempt may go on from it.
    func keep() throws(TransferError) {
        guard fsync(descriptor) == 0 else { throw .file(path: partPath, operation: "fsync", errno: errno) }
    }

    /// Gives the whole file its name, durably.
    func finish(url: String, isResumed: Bool) throws(TransferError) -> Download {
        try keep()
        guard rename(partPath, path) == 0 else { throw .file(path: path, operation: "rename", errno: errno) }
        unlink(tagPath)
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let folder = open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .file(path: directory, operation: "open", errno: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .file(path: directory, operation: "fsync", errno: errno) }
        return Download(lengthBytes: length, resumedFromBytes: isResumed ? lengthAtStart : 0, tag: tag)
    }

    private static func readTag(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: maximumTagBytes + 1)
        let count = read(file, &bytes, bytes.count)
        // A damaged tag must not get into a header.
        guard (1...maximumTagBytes).contains(count), bytes[..<count].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return nil
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

/// Takes a body into a ``PartialFile`` after a look at the answer's head.
final class FileSink: TransferSink {
    private let part: PartialFile
    private let answer: AnswerHead
    private let url: String
    private let limitBytes: Int64
    private let expectedTag: String?
    private var isHeadChecked = false

    init(part: PartialFile, answer: AnswerHead, url: String, limitBytes: Int64, expectedTag: String?) {
        self.part = part
        self.answer = answer
        self.url = url
        self.limitBytes = limitBytes
        self.expectedTag = expectedTag
    }

    func take(_ bytes: UnsafeRawBufferPointer) throws(TransferError) {
        try checkHead()
        guard part.length + Int64(bytes.count) <= limitBytes else {
            throw .tooLarge(url: url, limitBytes: limitBytes)
        }
        try part.append(bytes)
    }

    /// Decides once, before the first byte, whether these bytes belong to the file and where they start.
    func checkHead() throws(TransferError) {
        guard !isHeadChecked else { return }
        isHeadChecked = true
        let tag = answer.header("etag")
        switch answer.status {
        case 200: try startWhole(tag: tag)
        case 206 where part.lengthAtStart > 0: try checkRest(tag: tag)
        default: throw .status(url: url, expected: part.lengthAtStart > 0 ? "200 or 206" : "200", found: answer.status)
        }
    }

    private func startWhole(tag: String?) throws(TransferError) {
        if let expectedTag, tag != expectedTag {
            throw .fileChanged(url: url, expectedTag: expectedTag, foundTag: tag ?? "none")
        }
        try part.startAnew()
        // A weak tag does not promise the same bytes, so nothing could be resumed by it.
        if let tag, tag.hasPrefix("\"") { try part.note(tag: tag) }
    }

    private func checkRest(tag: String?) throws(TransferError) {
        guard tag == part.tag else {
            throw .fileChanged(url: url, expectedTag: part.tag ?? "none", foundTag: tag ?? "none")
        }
        let range = answer.header("content-range") ?? "none"
        guard range.hasPrefix("bytes \(part.lengthAtStart)-") else {
            throw .malformedAnswer(url: url, expected: "bytes from \(part.lengthAtStart) on", found: range)
        }
    }
}
