package import MartinetPOSIX
package import MartinetTLS
import Testing

/// A client that speaks TLS on the IPv4 loopback, in one thread, and trusts everyone.
package final class SecureClient {
    private let socket: LoopbackClient
    private let stream: TLSClient
    private var received = [UInt8](repeating: 0, count: 64 * 1024)
    /// Ciphertext that the socket did not take.
    private var unsent: ArraySlice<UInt8> = []

    /// Connects, and shakes hands.
    ///
    /// - Parameter protocols: what it can speak (ALPN).
    package init(
        _ server: SocketAddress, _ version: TLSConfiguration.Version, protocols: [String] = ["http/1.1"]
    ) throws {
        socket = try LoopbackClient(server)
        stream = try TLSClient(version: version, protocols: protocols)
        while true {
            let outcome = stream.handshake()
            try flush()
            if outcome == .done { return }
            try #require(outcome == .wantsRead, "the handshake fails")
            try fill()
        }
    }

    // MARK: Sending

    package func send(_ text: String) throws { try send([UInt8](text.utf8)) }

    /// Sends all of it, waiting as long as that takes.
    package func send(_ bytes: [UInt8]) throws {
        try stream.write(bytes)
        try flush()
    }

    /// Sends records of their own in one piece.
    package func send(records: [String]) throws {
        for text in records { try stream.write(text) }
        try flush()
    }

    /// Sends it, though not all of it at once.
    ///
    /// - Returns: whether the socket has taken it whole; otherwise `sendRest()` is to be called before anything else is sent.
    package func begin(sending bytes: [UInt8]) throws -> Bool {
        try stream.write(bytes)
        unsent = stream.takeCiphertext()[...]
        return try sendRest()
    }

    /// - Returns: whether there is nothing left that was to be sent.
    package func sendRest() throws -> Bool {
        if !unsent.isEmpty { unsent = unsent.dropFirst(try socket.sendWhatFits(unsent)) }
        return unsent.isEmpty
    }

    /// Whether the socket takes anything, at once or within so many milliseconds.
    package func isTaking(within milliseconds: CInt) -> Bool { socket.isTaking(within: milliseconds) }

    /// Sends close_notify: it sends no more, and still receives.
    package func endStream() throws {
        stream.close()
        try flush()
    }

    /// Ends its side of the socket, without a word of TLS.
    package func endSocket() { socket.endSending() }

    // MARK: Receiving

    /// Waits for the next bytes; empty when the server has sent its close_notify. Fails at any other end.
    package func receive() throws -> [UInt8] {
        while true {
            switch stream.read() {
            case .bytes(let bytes): return bytes
            case .closedByPeer: return []
            case .wantsRead: try fill()
            case .done, .failed: try #require(Bool(false), "the stream is broken, alert \(stream.alert ?? -1)")
            }
        }
    }

    /// Waits for so many bytes, and for no more.
    package func receive(byteCount: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < byteCount {
            let more = try receive()
            try #require(!more.isEmpty, "the stream ended behind \(bytes.count) bytes")
            bytes += more
        }
        return bytes
    }

    /// Receives until the text ends with `end`.
    package func receive(until end: String) throws -> String {
        var text = ""
        while !text.hasSuffix(end) {
            let bytes = try receive()
            try #require(!bytes.isEmpty, "the stream ended behind: \(text)")
            text += String(decoding: bytes, as: UTF8.self)
        }
        return text
    }

    /// Whether the server breaks the stream off: by a fatal alert, or by an end of the socket's stream without close_notify.
    package func isBrokenOff() throws -> Bool {
        while true {
            switch stream.read() {
            case .bytes: continue
            case .closedByPeer: return false
            case .done, .failed: return true
            case .wantsRead:
                let count = try socket.receive(into: &received)
                if count == 0 { return true }
                stream.give([UInt8](received[..<count]))
            }
        }
    }

    /// Whether the server has ended its side of the socket too, behind its close_notify. Waits for that.
    package func isSocketEnded() throws -> Bool { try socket.receive(into: &received) == 0 }

    // MARK: Leaving

    package func reset() { socket.reset() }
    package func close() { socket.close() }

    private func flush() throws { try socket.sendAll(stream.takeCiphertext()) }

    private func fill() throws {
        let count = try socket.receive(into: &received)
        try #require(count > 0, "the socket's stream ended without close_notify")
        stream.give([UInt8](received[..<count]))
    }
}
