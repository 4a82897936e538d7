/// A response's status (RFC 9110 §15).
package struct StatusCode: RawRepresentable, Hashable, Sendable {
    /// 100 to 999.
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    package static let switchingProtocols = StatusCode(rawValue: 101)
    package static let ok = StatusCode(rawValue: 200)
    package static let noContent = StatusCode(rawValue: 204)
    /// Its content has no bytes (RFC 9110 §15.3.6).
    package static let resetContent = StatusCode(rawValue: 205)
    package static let partialContent = StatusCode(rawValue: 206)
    package static let movedPermanently = StatusCode(rawValue: 301)
    package static let found = StatusCode(rawValue: 302)
    package static let notModified = StatusCode(rawValue: 304)
    package static let permanentRedirect = StatusCode(rawValue: 308)
    package static let badRequest = StatusCode(rawValue: 400)
    package static let unauthorized = StatusCode(rawValue: 401)
    package static let forbidden = StatusCode(rawValue: 403)
    package static let notFound = StatusCode(rawValue: 404)
    package static let methodNotAllowed = StatusCode(rawValue: 405)
    package static let notAcceptable = StatusCode(rawValue: 406)
    package static let requestTimeout = StatusCode(rawValue: 408)
    package static let gone = StatusCode(rawValue: 410)
    package static let preconditionFailed = StatusCode(rawValue: 412)
    package static let contentTooLarge = StatusCode(rawValue: 413)
    package static let uriTooLong = StatusCode(rawValue: 414)
    package static let rangeNotSatisfiable = StatusCode(rawValue: 416)
    package static let expectationFailed = StatusCode(rawValue: 417)
    package static let misdirectedRequest = StatusCode(rawValue: 421)
    package static let tooManyRequests = StatusCode(rawValue: 429)
    package static let fieldsTooLarge = StatusCode(rawValue: 431)
    package static let internalServerError = StatusCode(rawValue: 500)
    package static let notImplemented = StatusCode(rawValue: 501)
    package static let badGateway = StatusCode(rawValue: 502)
    package static let serviceUnavailable = StatusCode(rawValue: 503)
    package static let gatewayTimeout = StatusCode(rawValue: 504)
    package static let versionNotSupported = StatusCode(rawValue: 505)
    /// Not on the wire, only in logs: the client left before its response had begun.
    package static let clientClosedRequest = StatusCode(rawValue: 499)

    /// Whether a response with this status has no content whatever its fields say (RFC 9110 §6.4.1).
    package var forbidsContent: Bool {
        rawValue < 200 || self == .noContent || self == .notModified
    }

    /// The words that the standards give the status; empty for one they do not know.
    package var reasonPhrase: StaticString {
        switch rawValue {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 102: "Processing"
        case 103: "Early Hints"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 205: "Reset Content"
        case 206: "Partial Content"
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
