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

    static func unpack(_ bytes: UnsafeRawBufferPointer) -> [MessageReceipt]? {
        guard bytes.count % bytesPerReceipt == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: bytesPerReceipt).map { at in
            MessageReceipt(
                packetID: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)),
                digest: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 2, as: UInt64.self)))
        }
    }
}

extension Database {
    /// Commits between two looks at receipts that have become too old; each look touches the oldest page.
    private static let receiptPruningInterval: Int64 = 1_024

    func insert(_ receipts: [MessageReceipt], link name: String) throws(StoreError) {
        guard !receipts.isEmpty else { return }
        let link = try number(ofLink: name)
        let before: Int64
        if let known = receiptTotals[link] { before = known } else { before = try lastTotal(ofLink: link) }
        let total = before + Int64(receipts.count)
        try insert(
            .receipts,
            [
                .integer(try nextID(of: .receipts)), .integer(link), .integer(total),
                .blob(ReceiptPacking.pack(receipts)),
            ])
        receiptTotals[link] = total
        if before / Self.receiptPruningInterval != total / Self.receiptPruningInterval {
            try run(
                "DELETE FROM receipts WHERE link=? AND total<=?",
                [.integer(link), .integer(total - Bound.receiptsPerLink)])
        }
    }

    /// The receipts of the last 65,535 messages of a link, newest last.
    func receipts(link name: String) throws(StoreError) -> [MessageReceipt] {
        guard let link = try findLink(name) else { return [] }
        let newest = try lastTotal(ofLink: link)
        let rows = try rows(
            of: .receipts, "WHERE link=? AND total>? ORDER BY total",
            [.integer(link), .integer(newest - Bound.receiptsPerLink)]
        ) { row in row.withBytes(at: 3, ReceiptPacking.unpack) }
        return Array(rows.joined().suffix(Int(Bound.receiptsPerLink)))
    }

    private func lastTotal(ofLink link: Int64) throws(StoreError) -> Int64 {
        try row(of: .receipts, "WHERE link=? ORDER BY total DESC LIMIT 1", [.integer(link)]) { $0.int64(at: 2) } ?? 0
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
