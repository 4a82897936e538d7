/// A response: status, fields and what content follows. `Date`, framing and what concerns the connection are the protocol's
/// to add.
package struct Response {
    package enum Content: Sendable {
        case none
        case bytes([UInt8])
        /// The exchange produces it. `length` is nil where nobody knows it in advance.
        case stream(length: Int?)
        /// From here on `receive` and `produce` are the connection: behind 101, or 2xx to CONNECT (RFC 9110 §7.8, §9.3.6).
        case tunnel
        /// The exchange produces a whole message (`message/http`, RFC 9112 §10.1), which is sent as it is; `fields` count for
        /// nothing. A protocol whose messages have another form answers 502.
        case message
    }

    package var status: StatusCode
    package var fields: Fields
    package var content: Content
    /// Whether the content is a page of the server's own about an error, for which a site may have a better one.
    package private(set) var isErrorPage = false
    /// The name of the user it is for, whose password was found right; nil where nobody has logged in.
    package var user: [UInt8]?
    /// Whether the rest of the request's content, if there is any, is not even read. A protocol in which nothing can come behind
    /// content that is not read ends the connection.
    package var stopsRequest = false

    package init(_ status: StatusCode, fields: Fields = Fields(), content: Content = .none) {
        self.status = status
        self.fields = fields
        self.content = content
    }
}

extension Response {
    /// A small page that says what is wrong.
    ///
    /// - Parameter explanation: one sentence for the person at the other end.
    package static func error(_ status: StatusCode, _ explanation: String) -> Response {
        let title = "\(status.rawValue) \(status.reasonPhrase)"
        let page = """
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark"><title>\(title)</title>
            <style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em}</style>
            <h1>\(title)</h1>
            <p>\(HTML.escaped(explanation))</p>
            </html>

            """
        var fields = Fields()
        fields.append("Content-Type", "text/html; charset=utf-8")
        var response = Response(status, fields: fields, content: .bytes([UInt8](page.utf8)))
        response.isErrorPage = true
        return response
    }

    /// The answer to a method that is not allowed on a resource (RFC 9110 §15.5.6).
    package static func methodNotAllowed(_ allowed: StaticString) -> Response {
        var response = error(.methodNotAllowed, "This resource answers only to \(allowed).")
        response.fields.append("Allow", allowed)
        return response
    }

    /// Sends the client elsewhere.
    ///
    /// - Parameter location: a URI reference, already encoded.
    package static func redirect(_ status: StatusCode, to location: [UInt8]) -> Response {
        var response = error(status, "It is at \(String(decoding: location, as: UTF8.self))")
        response.fields.append("Location", location)
        return response
    }
}

/// Text in HTML.
package enum HTML {
    /// The text with the five characters that mean something in HTML replaced.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
