/// Orders to write to the field, and the audit of what became of them.
extension Store {
    /// Takes the orders that wait; each is durable as taken before it is executed, and so never executed twice.
    package func takeOrders() throws(StoreError) -> [WriteOrder] {
        guard try read({ (database) throws(StoreError) in try database.hasOrders() }) else { return [] }
        return try write { (database) throws(StoreError) in try database.takeOrders() }
    }

    /// Notes what became of an order, with its line in the audit.
    package func finishOrder(_ id: Int64, _ result: WriteResult) throws(StoreError) {
        try write { (database) throws(StoreError) in try database.finishOrder(id, result) }
    }

    /// To be called once after a start: what was ordered before is not executed any more.
    package func abandonOrders() throws(StoreError) {
        guard try read({ (database) throws(StoreError) in try database.hasOrders() }) else { return }
        try write { (database) throws(StoreError) in try database.abandonOrders() }
    }
}

extension StoreReader {
    /// Orders a value to be written; durable when it returns. A running daemon takes it up within a fraction of a second.
    package func order(
        _ tag: String, _ value: Double, by person: String, reason: String?
    ) throws(StoreError) -> WriteOrder {
        let writer = try makeWriter()
        return try writer.transaction { () throws(StoreError) in
            try writer.order(tag, value, by: person, reason: reason)
        }
    }

    /// Takes an order back, unless the daemon has it.
    ///
    /// - Returns: the order as it is now.
    package func withdraw(_ order: Int64) throws(StoreError) -> WriteOrder? {
        let writer = try makeWriter()
        return try writer.transaction { () throws(StoreError) in try writer.withdraw(order) }
    }

    package func order(_ id: Int64) throws(StoreError) -> WriteOrder? { try database.order(id) }

    /// The newest entries of the audit, the newest first.
    package func auditEntries(limit: Int) throws(StoreError) -> [AuditEntry] {
        try database.auditEntries(before: .max, limit: limit)
    }

    package func verifyAudit() throws(StoreError) -> AuditVerdict { try database.verifyAudit() }
}
