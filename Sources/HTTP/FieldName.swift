import MartinetBytes

/// The request fields that the server itself acts on (RFC 9110); all others keep their names as text.
package enum FieldName: UInt8, Sendable, CaseIterable {
    case host, connection, contentLength, transferEncoding, expect
    case ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, ifRange, range
    case accept, acceptEncoding, authorization, contentType
    case origin, accessControlRequestMethod, accessControlRequestHeaders
    case referer, userAgent, upgrade

    /// The name in lower case.
    package var text: StaticString {
        switch self {
        case .host: "host"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .expect: "expect"
        case .ifMatch: "if-match"
        case .ifNoneMatch: "if-none-match"
        case .ifModifiedSince: "if-modified-since"
        case .ifUnmodifiedSince: "if-unmodified-since"
        case .ifRange: "if-range"
        case .range: "range"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .origin: "origin"
        case .accessControlRequestMethod: "access-control-request-method"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .referer: "referer"
        case .userAgent: "user-agent"
        case .upgrade: "upgrade"
        }
    }

    /// The known name that the bytes spell, in any case; nil for every other name.
    package init?(_ name: Span<UInt8>) {
        guard let first = name.isEmpty ? nil : ASCII.lowercased(name[0]) else { return nil }
        // The length and the first letter leave one candidate, or two.
        let candidate: FieldName? =
            switch (name.count, first) {
            case (4, UInt8(ascii: "h")): .host
            case (5, UInt8(ascii: "r")): .range
            case (6, UInt8(ascii: "a")): .accept
            case (6, UInt8(ascii: "e")): .expect
            case (6, UInt8(ascii: "o")): .origin
            case (7, UInt8(ascii: "r")): .referer
            case (7, UInt8(ascii: "u")): .upgrade
            case (8, UInt8(ascii: "i")): ASCII.lowercased(name[3]) == UInt8(ascii: "m") ? .ifMatch : .ifRange
            case (10, UInt8(ascii: "c")): .connection
            case (10, UInt8(ascii: "u")): .userAgent
            case (12, UInt8(ascii: "c")): .contentType
            case (13, UInt8(ascii: "i")): .ifNoneMatch
            case (13, UInt8(ascii: "a")): .authorization
            case (14, UInt8(ascii: "c")): .contentLength
            case (15, UInt8(ascii: "a")): .acceptEncoding
            case (17, UInt8(ascii: "i")): .ifModifiedSince
            case (17, UInt8(ascii: "t")): .transferEncoding
            case (19, UInt8(ascii: "i")): .ifUnmodifiedSince
            case (29, UInt8(ascii: "a")): .accessControlRequestMethod
            case (30, UInt8(ascii: "a")): .accessControlRequestHeaders
            default: nil
            }
        guard let candidate, name.isEqualIgnoringCase(to: candidate.text) else { return nil }
        self = candidate
    }
}
