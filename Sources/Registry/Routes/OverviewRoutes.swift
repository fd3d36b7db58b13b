import Hummingbird
import Plant

/// `GET /`: a page for people, in English or Chinese by `?lang=` or Accept-Language. For the administrator.
enum OverviewRoutes: RouteSet {
    private static let alertsShown = 50

    static func add(to router: Router<BasicRequestContext>, _ registry: RegistryParts) {
        router.get("/") { request, _ in
            try await registry.gate.requireAdministrator(request)
            let page = OverviewPage(
                language: language(request), now: registry.clock.wall(), devices: try await registry.archive.devices(),
                alerts: try await registry.archive.alerts(limit: alertsShown),
                models: try await registry.archive.models())
            var response = Response.bytes(Array(page.html.utf8), type: "text/html; charset=utf-8")
            // Even if something slipped through the escaping, a browser would not run or load it.
            response.headers[.contentSecurityPolicy] =
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
            return response
        }
    }

    static func language(_ request: Request) -> Language {
        if let wanted = request.uri.queryParameters["lang"] { return wanted.hasPrefix("zh") ? .chinese : .english }
        // The first one named decides; weights are not worth a parser for two languages.
        return request.headers[.acceptLanguage]?.lowercased().hasPrefix("zh") == true ? .chinese : .english
    }
}
