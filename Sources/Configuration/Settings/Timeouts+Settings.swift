extension Timeouts: Section {
    package static let title = "timeouts"
    package static let help = "How long a worker waits for what, before it ends a connection."

    private static let longest = Duration.seconds(86_400)

    package static let settings: [Setting<Timeouts>] = [
        timeout(
            "handshake", \.handshake,
            "From accepting a connection to the end of its TLS handshake: two round trips, and time to show a certificate."
        ),
        timeout(
            "head", \.head,
            "From a request's first byte to the end of its head, which clients send at once (Slowloris)."),
        timeout("content", \.content, "Between two arrivals of a request's content."),
        timeout(
            "unread-content", \.unreadContent,
            """
            For content that nobody needs, while the response waits for its end; then the response is sent, and the \
            connection ends.
            """),
        timeout("output", \.output, "Between two moments at which a client takes some of a response."),
        timeout("idle", \.idle, "Between two requests of a connection; browsers come back to it within a minute."),
        timeout(
            "lingering", \.lingering,
            "From the end of our side until the client's, so that it reads the last response (RFC 9112 §9.6)."),
        timeout(
            "first-request", \.firstRequest,
            """
            While a worker leaves, in place of handshake, head and idle before a first request: browsers' spare \
            connections never send one.
            """),
        timeout("drain", \.drain, "From the order to leave until connections that are still busy are cut."),
        timeout(
            "stall", \.stall,
            "How long a client may take nothing of what waits for it, where slow-reader-memory is used up."),
    ]

    private static func timeout(
        _ key: String, _ path: any WritableKeyPath<Timeouts, Duration> & Sendable, _ help: String
    ) -> Setting<Timeouts> {
        .value(
            key, path, .time(.milliseconds(1)...longest), option: .named("timeout-\(key)"), help: help)
    }
}

extension WorkerLimits: Section {
    package static let title = "limits"
    package static let help = "How much one worker allows."

    package static let settings: [Setting<WorkerLimits>] = [
        .value(
            "slow-reader-memory", \.slowReaderMemory, .size((1 << 20)...),
            help: """
                Memory for what clients have not taken yet; beyond it, those that take nothing for the time of stall are \
                cut. More than 500 downloads that stand still fit in the default.
                """),
        .value(
            "content-rate", \.contentRate, .size(),
            help: """
                Bytes a second that a request's content must reach on average, in each window that is longer than the \
                timeout of content.
                """),
        .value(
            "cgi-jobs", \.backgroundJobs, .number(0...4096),
            help: """
                How many processes may live on that programs left in the background when they ended, holding none of their \
                pipes.
                """),
        .value(
            "reserved-descriptors", \.reservedDescriptors, .number(8...65_536),
            help: """
                Descriptors that new connections may not take, because open ones need them: a program takes seven while it \
                is started.
                """),
        .value(
            "few-descriptors", \.fewDescriptors, .number(0...1_048_576),
            help: "A limit of descriptors (RLIMIT_NOFILE) below this is worth a warning."),
        .value(
            "turn-bytes", \.turnBytes, .size(16_384...),
            help:
                "Bytes that one connection sends before others have their turns: 1M is a third of a millisecond of AES."
        ),
        .value(
            "turn-time", \.turnTime, .time(.milliseconds(1) ... .seconds(1)),
            help: "How long one connection may go on before others have their turns."),
        .value(
            "input", \.input, .size(65_536...),
            help: "Decrypted input that is kept for one connection: any head fits in the least."),
        .value(
            "accepts-per-turn", \.acceptsPerTurn, .number(1...4096),
            help: "Connections that are accepted from one socket before open ones have their turns."),
        .value(
            "last-accept-turns", \.lastAcceptTurns, .number(1...4096),
            help: """
                How often a worker that leaves accepts so many from each socket: 64 times 64 are all that the kernel's queue \
                holds.
                """),
    ]
}
