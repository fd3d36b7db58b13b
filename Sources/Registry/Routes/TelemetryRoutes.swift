import Hummingbird
import Plant
import Trust

/// `POST /v1/telemetry`: entries of a device's outbox, answered after they are durable.
enum TelemetryRoutes: RouteSet {
    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts) {
        router.post("/v1/telemetry") { request, _ in
            let device = try await registry.gate.device(request)
            let batch = try await readBatch(request)
            if let named = batch.device, named != device {
                throw APIError(
                    .forbidden, code: "request.device", expected: "the token's own device, \(device)", found: named,
                    place: "device")
            }
            let receipt = try await registry.ledger.store(batch, from: device, at: registry.clock.wall())
            return Response.json(
                .object([
                    .init("inserted", .integer(Int64(receipt.inserted))),
                    .init("repeated", .integer(Int64(receipt.repeated))),
                    .init("stored_through", .integer(receipt.storedThrough)),
                ]))
        }
    }

    private static func readBatch(_ request: Request) async throws -> TelemetryBatch {
        let tooLarge = APIError(TrustError.tooLarge(limitBytes: TelemetryBatch.maximumBytes, foundBytes: 0))
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > TelemetryBatch.maximumBytes {
            throw APIError(TrustError.tooLarge(limitBytes: TelemetryBatch.maximumBytes, foundBytes: length))
        }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= TelemetryBatch.maximumBytes else { throw tooLarge }
            bytes += part.readableBytesView
        }
        do throws(TrustError) { return try TelemetryBatch(json: bytes) } catch { throw APIError(error) }
    }
}
