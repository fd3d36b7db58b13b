internal import Plant
internal import SQLite

/// Receipts of one commit, ten bytes each: packet identifier and digest, little-endian.
enum ReceiptPacking {
    static let bytesPerReceipt = 10

    static func pack(_ receipts: [MessageReceipt]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(receipts.count * bytesPerReceipt)
        for receipt in receipts {
            withUnsafeBytes(of: receipt.packetID.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: receipt.digest.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    // SAFETY: the loads are unaligned ones and stay below `count`, a multiple of ten.
    static func unpack(_ bytes: UnsafeRawBufferPointer) -> [MessageReceipt]? {
        guard bytes.count % bytesPerReceipt == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: bytesPerReceipt).map { at in
            MessageReceipt(
                packetID: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)),
                digest: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 2, as: UInt64.self)))
        }
    }
}

/// Row numbers of `receipts`: the link, then the messages stored for it since its first, the row's own included. So
/// that a commit touches one page of the table, no index and no sequence.
private struct ReceiptNumbers {
    /// Messages of a link that a number has room for: 18 years at 30,000 a second.
    private static let totalBits: Int64 = 44

    var link: Int64
    var first: Int64 { link << Self.totalBits }
    var last: Int64 { first | ((1 << Self.totalBits) - 1) }

    func number(total: Int64) -> Int64 { first + total }
    func total(of number: Int64) -> Int64 { number - first }
}

extension Database {
    /// Messages between two looks for receipts that have become too old; each look touches the oldest page.
    private static let receiptPruningInterval: Int64 = 1_024

    func insert(_ receipts: [MessageReceipt], link name: String) throws(StoreError) {
        guard !receipts.isEmpty else { return }
        let link = try number(ofLink: name)
        let numbers = ReceiptNumbers(link: link)
        let before: Int64
        if let known = receiptTotals[link] { before = known } else { before = try lastTotal(numbers) }
        let total = before + Int64(receipts.count)
        try insert(.receipts, [.integer(numbers.number(total: total)), .blob(ReceiptPacking.pack(receipts))])
        receiptTotals[link] = total
        if before / Self.receiptPruningInterval != total / Self.receiptPruningInterval {
            try run(
                "DELETE FROM receipts WHERE id BETWEEN ? AND ?",
                [.integer(numbers.first), .integer(numbers.number(total: total - Bound.receiptsPerLink))])
        }
    }

    /// The receipts of the last 65,535 messages of a link, newest last.
    func receipts(link name: String) throws(StoreError) -> [MessageReceipt] {
        guard let link = try findLink(name) else { return [] }
        let numbers = ReceiptNumbers(link: link)
        let oldest = max(0, try lastTotal(numbers) - Bound.receiptsPerLink)
        let rows = try rows(
            of: .receipts, "WHERE id>? AND id<=? ORDER BY id",
            [.integer(numbers.number(total: oldest)), .integer(numbers.last)]
        ) { row in row.withBytes(at: 1, ReceiptPacking.unpack) }
        return Array(rows.joined().suffix(Int(Bound.receiptsPerLink)))
    }

    private func lastTotal(_ numbers: ReceiptNumbers) throws(StoreError) -> Int64 {
        let last = try row(
            of: .receipts, "WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1",
            [.integer(numbers.first), .integer(numbers.last)]
        ) { $0.int64(at: 0) }
        return last.map(numbers.total) ?? 0
    }

    private func findLink(_ name: String) throws(StoreError) -> Int64? {
        try row(of: .links, "WHERE name=?", [.text(name)]) { $0.int64(at: 0) }
    }

    private func number(ofLink name: String) throws(StoreError) -> Int64 {
        if let known = links[name] { return known }
        let number: Int64
        if let found = try findLink(name) {
            number = found
        } else {
            number = try nextID(of: .links)
            try insert(.links, [.integer(number), .text(name)])
        }
        links[name] = number
        return number
    }
}
