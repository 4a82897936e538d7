/// A response that is sent again and again, and whose content is at hand. What holds for one request alone, such as its user,
/// is no part of it.
package final class PreparedResponse {
    /// Who changes responses: an identity and nothing else, since a response that was changed keeps it.
    package final class Changer {
        package init() {}
    }

    package let response: Response
    /// What a protocol has made of it, so that sending it again is one copy. It knows its own by their type, and finds another's
    /// to be none.
    package var message: AnyObject?
    /// The same with its head changed, and who has changed it: one, since a response stands behind one site.
    private var changed: (by: Changer, response: PreparedResponse)?

    /// - Parameter response: its content is none, or bytes.
    package init(_ response: Response) {
        switch response.content {
        case .none, .bytes: break
        case .stream, .tunnel, .message: preconditionFailure("content that comes later cannot be sent again")
        }
        self.response = response
    }

    /// The response as one that is sent this once.
    package func response(for user: [UInt8]?) -> Response {
        var response = response
        response.user = user
        return response
    }

    /// The same response changed, made once as long as it is the same changer that asks.
    ///
    /// - Parameter change: gives the same each time.
    package func changed(by changer: Changer, _ change: (inout Response) -> Void) -> PreparedResponse {
        if let changed, changed.by === changer { return changed.response }
        var response = response
        change(&response)
        let prepared = PreparedResponse(response)
        changed = (changer, prepared)
        return prepared
    }
}
