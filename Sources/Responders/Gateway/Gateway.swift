import Logging
import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// What the requests to one gateway in a worker have in common: settings, permits, and where content waits.
final class Gateway {
    let settings: GatewaySettings
    let words: GatewayWords
    let permits: GatewayPermits
    /// Where content waits at first.
    let memory: ContentMemory
    /// Where content waits that is too long for that.
    let files: ContentFiles
    private let logger: Logger
    /// Part of every request's number, so that numbers of several workers and runs differ.
    private let series: String
    private var requestCount = 0

    /// - Parameter memory: for content that waits, of this gateway and of others.
    init(_ settings: GatewaySettings, _ words: GatewayWords, memory: ContentMemory, logger: Logger) {
        self.settings = settings
        self.words = words
        self.memory = memory
        self.logger = logger
        permits = GatewayPermits(limit: settings.concurrency, queueLimit: settings.queueLength) {
            OpenDescriptors.roomCount >= settings.descriptorCount
        }
        files = ContentFiles(
            in: settings.contentDirectory, countLimit: settings.contentFileLimit,
            byteLimit: settings.contentFileByteLimit)
        var digits: [UInt8] = []
        digits.append(hexadecimal: UInt64.random(in: 0...UInt64.max), digitCount: 8)
        series = String(decoding: digits, as: UTF8.self)
    }

    /// The request's number in the log: a new one, or that of the request which was redirected to it.
    func identifier(for request: borrowing Request) -> String {
        if let identifier = request.logIdentifier { return identifier }
        requestCount += 1
        return "\(series)-\(requestCount)"
    }

    /// The log as far as one request is concerned.
    ///
    /// - Parameter name: what answers, as the operator knows it.
    func log(for request: borrowing Request, identifier: String, name: String) -> GatewayLog {
        let isOnThisMachine = request.peer?.isOnThisMachine ?? false
        return GatewayLog(
            logger, request, identifier: identifier, "\(words.noun) \(name)",
            messagesPlace: isOnThisMachine ? settings.messagesPlace : nil)
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - origin: what is asked to answer.
    ///   - router: where local redirections go.
    func answer(
        _ request: borrowing Request, from origin: any GatewayOrigin, _ log: GatewayLog, router: any Responder
    ) -> Answer {
        if case .length(let count) = request.content, count > settings.contentByteLimit {
            return .complete(log.response(.tooLarge(settings.contentByteLimit)))
        }
        return .exchange(GatewayExchange(copy request, origin, self, log, router: router))
    }
}
