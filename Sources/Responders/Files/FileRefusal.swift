import MartinetHTTP
import MartinetPOSIX

/// Why there is nothing to send.
enum FileRefusal: Error {
    case malformed(PathFlaw)
    case notFound
    /// There would be something for a request that accepts something else.
    case notFoundAsAccepted
    case forbidden
    case notAcceptable
    /// The directory has more entries than a listing may.
    case tooLarge
    /// The helper threads have too much to do, or listings have too much memory.
    case busy
    case failed(SystemError)

    init(_ error: SystemError) {
        if error.isMissing || error.isEscape || error.isLoop || error.isNameTooLong || error.hasNoFarEnd {
            self = .notFound
        } else if error.isForbidden {
            self = .forbidden
        } else {
            self = .failed(error)
        }
    }

    var response: Response {
        switch self {
        case .malformed(let flaw): .error(.badRequest, flaw.explanation)
        case .notFound: .error(.notFound, "There is nothing at this address.")
        case .notFoundAsAccepted: Self.notFoundAsAcceptedResponse
        case .forbidden: .error(.forbidden, "The server may not read this file.")
        case .notAcceptable: .error(.notAcceptable, "The file is not to be had in any coding that the request accepts.")
        case .tooLarge: .error(.internalServerError, "The directory has too many entries to be listed.")
        case .busy: Self.busyResponse("The server has too much to do to answer this now.")
        case .failed(let error):
            error.isExhaustion
                ? Self.busyResponse("The server is too busy to open the file.")
                : .error(.internalServerError, "The server could not open the file.")
        }
    }

    private static var notFoundAsAcceptedResponse: Response {
        var response = FileRefusal.notFound.response
        response.fields.append("Vary", "Accept")
        return response
    }

    private static func busyResponse(_ explanation: String) -> Response {
        var response = Response.error(.serviceUnavailable, "\(explanation) Try again soon.")
        response.fields.append("Retry-After", 1)
        return response
    }
}

extension PathFlaw {
    /// For the client.
    var explanation: String {
        switch self {
        case .backslash: "The path holds a backslash."
        case .incompleteEscape: "The path holds a percent sign without two hexadecimal digits."
        case .encodedNUL: "The path holds an encoded NUL."
        }
    }
}
