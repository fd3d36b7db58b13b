import Hummingbird
import Trust

/// `GET /healthz`: 200 while the database can be read. Needs no token and tells nothing else.
enum HealthRoutes: RouteSet {
    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts) {
        router.get("/healthz") { _, _ in
            _ = try await registry.archive.models()
            return Response.json(.object([.init("status", .string("ok"))]))
        }
    }
}
