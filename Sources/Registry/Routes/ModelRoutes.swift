import Hummingbird
import Trust

/// `GET /v1/models`: what is published. `GET /v1/models/{pack}`: the signed statement on a pack's models.
enum ModelRoutes: RouteSet {
    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts) {
        router.get("/v1/models") { request, _ in
            try await registry.gate.caller(request)
            let models = try await registry.archive.models().map(\.json)
            return Response.json(.object([.init("models", .array(models))]))
        }
        router.get("/v1/models/:pack") { request, context in
            try await registry.gate.caller(request)
            let pack = try context.parameters.require("pack")
            guard let envelope = try await registry.archive.envelope(pack: pack) else {
                throw APIError(
                    .notFound, code: "registry.no_model", expected: "a pack with a published model", found: pack,
                    place: "path")
            }
            return Response.bytes(envelope, type: "application/json")
        }
    }
}
