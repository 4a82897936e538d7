/// How long a worker waits for what, before it ends a connection.
package struct Timeouts: Codable, Equatable, Sendable {
    package var handshake = Duration.seconds(10)
    package var head = Duration.seconds(10)
    package var content = Duration.seconds(30)
    package var unreadContent = Duration.seconds(2)
    package var output = Duration.seconds(30)
    package var idle = Duration.seconds(60)
    package var lingering = Duration.seconds(2)
    package var firstRequest = Duration.seconds(2)
    package var drain = Duration.seconds(30)
    package var stall = Duration.seconds(10)

    package init() {}
}

/// How much one worker allows.
package struct WorkerLimits: Codable, Equatable, Sendable {
    package var slowReaderMemory = ByteCount(64 << 20)
    /// Bytes a second.
    package var contentRate = ByteCount(256)
    package var backgroundJobs = 32
    package var reservedDescriptors = 32
    package var fewDescriptors = 512
    package var turnBytes = ByteCount(1 << 20)
    package var turnTime = Duration.milliseconds(1)
    package var input = ByteCount(64 << 10)
    package var acceptsPerTurn = 64
    package var lastAcceptTurns = 64

    package init() {}
}

/// A number of bytes.
package struct ByteCount: Hashable, Codable, Sendable {
    package var bytes: Int

    package init(_ bytes: Int) {
        self.bytes = bytes
    }

    package init(from decoder: any Decoder) throws {
        bytes = try decoder.singleValueContainer().decode(Int.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}
