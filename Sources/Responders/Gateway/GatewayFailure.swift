import MartinetHTTP
import MartinetPOSIX

/// Why there is no proper answer from behind a gateway: what the client gets, and what the log says.
struct GatewayFailure: Error {
    let status: StatusCode
    /// For the log: a predicate whose subject is what should have answered.
    let reason: String
    /// Seconds after which it may be worth another try.
    var retryAfter: Int?

    static func badGateway(_ reason: String) -> GatewayFailure {
        GatewayFailure(status: .badGateway, reason: reason)
    }

    static func late(_ reason: String) -> GatewayFailure {
        GatewayFailure(status: .gatewayTimeout, reason: reason)
    }

    static func busy(_ reason: String) -> GatewayFailure {
        GatewayFailure(status: .serviceUnavailable, reason: reason, retryAfter: 2)
    }

    static func slowClient(_ reason: String) -> GatewayFailure {
        GatewayFailure(status: .requestTimeout, reason: reason)
    }

    static func tooLarge(_ limit: Int) -> GatewayFailure {
        GatewayFailure(
            status: .contentTooLarge, reason: "was not given the request's content: it is longer than \(limit) bytes")
    }

    /// The sentence for the person at the other end, who need not know more.
    var explanation: String {
        switch status {
        case .notFound: "There is nothing at this address."
        case .forbidden: "The program at this address may not be run."
        case .requestTimeout: "The request's content came too slowly while others waited."
        case .contentTooLarge: "The request's content is longer than is taken here."
        case .serviceUnavailable: "Too many programs are running. Try again in a moment."
        case .gatewayTimeout: "The program at this address took too long."
        default: "The program at this address did not answer as it should."
        }
    }
}

extension GatewayFailure {
    /// The request's content could not be kept in a file.
    init(keeping failure: ContentBuffer.Failure, in directory: String, _ words: GatewayWords) {
        let refusal = "was not \(words.begun):"
        switch failure {
        case .noFile:
            self = .busy("\(refusal) as much content as may is on its way to other \(words.noun)s")
        case .noRoom:
            self = .busy("\(refusal) with its content there would be more than may wait in files")
        case .file(let error):
            self.init("\(refusal) its content could not be kept in \(directory)", error)
        }
    }

    /// The request's content could not be read where it was kept.
    init(reading error: SystemError) {
        self.init("was not given the request's content: it could not be read where it was kept", error)
    }

    /// The answer has ended before its header was complete.
    ///
    /// - Parameter hasWritten: whether there was some of it.
    init(_ ending: GatewayEnding, hasWritten: Bool) {
        switch ending {
        case .overdue(let predicate): self = .late(predicate)
        case .complete(nil): self = .badGateway("closed its output before its header was complete")
        case .complete(let how?), .failed(let how), .cut(let how):
            let what = hasWritten ? "before its header was complete" : "without writing a header"
            self = .badGateway("ended \(what) (\(how))")
        }
    }

    private init(_ reason: String, _ error: SystemError) {
        self = error.isPassing ? .busy("\(reason) (\(error))") : .badGateway("\(reason) (\(error))")
    }
}

extension SystemError {
    /// It may be over in a moment: what is lacking is what others use.
    var isPassing: Bool { isExhaustion || isTryAgain || isDiskFull }
}
