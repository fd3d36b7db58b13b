import Hummingbird

/// `GET /v1/alerts?limit=`: the newest word on each alert of every device, newest first. For the administrator.
enum AlertRoutes: RouteSet {
    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts) {
        router.get("/v1/alerts") { request, _ in
            try await registry.gate.requireAdministrator(request)
            let limit = try request.number("limit", default: 100, in: 1...1_000)
            let alerts = try await registry.archive.alerts(limit: Int(limit))
            var body = Array("{\"alerts\":[".utf8)
            for (index, alert) in alerts.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                body += alert.json
            }
            body += Array("]}".utf8)
            return Response.bytes(body, type: "application/json")
        }
    }
}
