import Hummingbird
import Trust

/// `GET /v1/devices`; `GET /v1/devices/{id}/telemetry?after=&limit=`; `GET /v1/devices/{id}/gaps`. For the administrator.
enum DeviceRoutes: RouteSet {
    private static let maximumRows: Int64 = 1_000

    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts) {
        router.get("/v1/devices") { request, _ in
            try await registry.gate.requireAdministrator(request)
            let devices = try await registry.archive.devices().map(\.json)
            return Response.json(.object([.init("devices", .array(devices))]))
        }
        router.get("/v1/devices/:id/telemetry") { request, context in
            try await registry.gate.requireAdministrator(request)
            let id = try context.parameters.require("id")
            let after = try request.number("after", default: 0, in: 0...Int64.max)
            let limit = try request.number("limit", default: 100, in: 1...maximumRows)
            let rows = try await registry.archive.telemetry(device: id, after: after, limit: Int(limit))
            var body = Array("{\"rows\":[".utf8)
            for (index, row) in rows.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                body += row.json(device: nil)
            }
            body += Array("],\"last\":\(rows.last?.sequence ?? after)}".utf8)
            return Response.bytes(body, type: "application/json")
        }
        router.get("/v1/devices/:id/gaps") { request, context in
            try await registry.gate.requireAdministrator(request)
            let gaps = try await registry.archive.gaps(device: try context.parameters.require("id"))
            let items = gaps.map { gap in
                StrictJSON.object([.init("first", .integer(gap.lowerBound)), .init("last", .integer(gap.upperBound))])
            }
            return Response.json(.object([.init("gaps", .array(items))]))
        }
    }
}
