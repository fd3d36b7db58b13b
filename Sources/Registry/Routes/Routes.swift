import Hummingbird

/// The routes of one noun.
protocol RouteSet: Sendable {
    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts)
}

/// Every route set of the server.
enum Routes {
    static let all: [any RouteSet.Type] = [
        TelemetryRoutes.self, ModelRoutes.self, TargetRoutes.self, DeviceRoutes.self, AlertRoutes.self,
        HealthRoutes.self, OverviewRoutes.self,
    ]
}

extension Request {
    /// A number in the query.
    ///
    /// - Throws: 400 for what is no number or out of range.
    func number(
        _ name: String, default fallback: Int64, in range: ClosedRange<Int64>
    ) throws(APIError) -> Int64 {
        guard let text = uri.queryParameters[Substring(name)] else { return fallback }
        guard let number = Int64(text), range.contains(number) else {
            throw APIError(
                .badRequest, code: "request.query",
                expected: "a number from \(range.lowerBound) to \(range.upperBound)", found: String(text),
                place: "query \(name)")
        }
        return number
    }
}
