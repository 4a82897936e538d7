import MartinetHTTP

/// The request of an exchange that outlasts its turn. In a box, which most connections do without.
final class KeptRequest {
    let request: Request

    init(_ request: Request) {
        self.request = request
    }
}
