import MartinetBytes
import MartinetHTTP

/// What a script's header means to its client (RFC 3875 §6.2).
extension ScriptHeader {
    /// A document, or the way to one elsewhere (RFC 3875 §6.2.1, §6.2.3, §6.2.4).
    var response: Response {
        var response = Response(
            status ?? (location == nil ? .ok : .found), fields: fields, content: .stream(length: contentLength))
        guard let location else { return response }
        if status == nil, contentType == nil {
            // A redirection without a document: the server writes one.
            response.content = Response.redirect(.found, to: location).content
            response.fields.append("Content-Type", "text/html; charset=utf-8")
        }
        response.fields.append("Location", location)
        return response
    }

    /// The path of a local redirection (RFC 3875 §6.2.2), which has one field and no other: the client would never see those
    /// beside it, cookies among them, so it is sent to the path itself where there are any.
    var localLocation: [UInt8]? {
        guard status == nil, contentType == nil, fields.isEmpty, let location else { return nil }
        // A path of this site, and not of a host named by it.
        let isLocal = location[0] == ASCII.slash && (location.count == 1 || location[1] != ASCII.slash)
        return isLocal ? location : nil
    }
}
