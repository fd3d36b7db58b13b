import Hummingbird
import Logging

/// Gives every refusal one shape, the framework's own ones too, and keeps what failed inside out of the answer.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    @concurrent
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let failure: APIError
        do {
            return try await next(request, context)
        } catch let error as APIError {
            failure = error
        } catch let error as RegistryError {
            failure = APIError(error)
            if failure.status.code >= 500 {
                context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            }
        } catch let error as any HTTPResponseError {
            failure = APIError(
                error.status, code: "request.status.\(error.status.code)", expected: "a request that this server knows",
                found: "\(request.method) \(request.uri.path)", place: "request")
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            failure = APIError(RegistryError.database("\(error)"))
        }
        return failure.response(from: request, context: context)
    }
}
