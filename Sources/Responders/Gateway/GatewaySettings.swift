/// How a gateway treats its requests, and what they may take.
struct GatewaySettings: Sendable {
    /// How long what answers may neither take content nor write anything.
    var timeout = Duration.seconds(30)
    /// The most request content that is taken, in bytes: 413 beyond it.
    var contentByteLimit = 1 << 30
    /// The most that an answer may have, in bytes; nil for no limit.
    var outputByteLimit: Int?
    /// Requests at work at one time.
    var concurrency = 32
    /// Requests that wait for that, beyond which the answer is 503.
    var queueLength = 64
    /// How long such a request waits at the most.
    var queueTime = Duration.seconds(10)
    /// The descriptors that are needed to begin one.
    var descriptorCount = 1
    /// Whether all content is kept in a file before its request begins, so that a slow client occupies no place.
    var awaitsContent = false
    /// Where content is kept until it has come whole.
    var contentDirectory = "/var/tmp"
    /// Requests whose content is kept in a file at one time.
    var contentFileLimit = 96
    /// The bytes of such content at one time.
    var contentFileByteLimit = 4 << 30
    /// Where messages of what answers are found, in words. The page about a failure says it, and what failed, to clients on
    /// this machine; nil for a page that says neither.
    var messagesPlace: String?
}

/// What the log calls what stands behind a gateway, and what happens to it.
struct GatewayWords: Sendable {
    /// `script`
    let noun: String
    /// What becomes of it for a request: `started`.
    let begun: String
    /// What becomes of it where it is not waited for any longer: `ended`.
    let ended: String
}
