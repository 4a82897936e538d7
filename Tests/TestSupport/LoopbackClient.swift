import Glibc
package import MartinetPOSIX
import Testing

/// A blocking client on the IPv4 loopback. One thread may send while another receives; the one that made it closes it.
package final class LoopbackClient: @unchecked Sendable {
    private let number: CInt
    private var isClosed = false

    package init(_ server: SocketAddress) throws {
        number = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        try #require(number >= 0)
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = server.port.bigEndian
        raw.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &raw) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(number, $0, size) }
        }
        try #require(result == 0)
        var progress = timeval(tv_sec: 60, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        try #require(unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &progress, length) == 0)
    }

    /// Its own end's address.
    package func address() throws -> SocketAddress {
        // The same reading of a socket's own address that listeners use.
        try ListeningSocket(inheriting: FileDescriptor.duplicate(number)).address
    }

    package func send(_ text: String) throws {
        let bytes = [UInt8](text.utf8)
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        #expect(count == bytes.count)
    }

    /// Waits for the next bytes; empty at the end. Fails where nothing comes for a minute.
    package func receive() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(number, $0.baseAddress, $0.count, 0) }
        try #require(count >= 0)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Receives until the text ends with `end`, or has it in it where the connection's end comes first.
    package func receive(until end: String, orEnd: Bool = false) throws -> String {
        var text = ""
        while !text.hasSuffix(end) {
            let piece = try receive()
            if piece.isEmpty {
                if !orEnd { Issue.record("the connection ended behind: \(text)") }
                return text
            }
            text += piece
            if orEnd, text.contains("0\r\n") && text.hasSuffix("\r\n\r\n") { return text }
        }
        return text
    }

    /// Receives into the buffer; returns how many bytes, 0 at the end.
    package func receive(into buffer: inout [UInt8]) throws -> Int {
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(number, $0.baseAddress, $0.count, 0) }
        try #require(count >= 0)
        return count
    }

    /// Sends all of it, waiting as long as that takes.
    package func sendAll(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
    }

    /// Sends as much of it as is taken at once; returns how many bytes.
    package func sendWhatFits(_ bytes: ArraySlice<UInt8>) throws -> Int {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
        }
        try #require(count >= 0 || errno == EAGAIN)
        return max(0, count)
    }

    /// Whether anything would be taken, at once or within so many milliseconds.
    package func isTaking(within milliseconds: CInt) -> Bool {
        var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) == 1
    }

    /// Sends it if it is taken within a moment.
    package func sendNow(_ bytes: [UInt8]) throws -> Bool {
        guard isTaking(within: 300) else { return false }
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
        }
        return count > 0
    }

    /// Ends its side, and still receives.
    package func endSending() { _ = shutdown(number, CInt(SHUT_WR)) }

    /// Closes the connection so that the server hears of a reset.
    package func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    /// Whether the server resets the connection. Reads nothing, and waits for that.
    package var isReset: Bool {
        var entry = pollfd(fd: number, events: 0, revents: 0)
        return unsafe poll(&entry, 1, 60_000) == 1 && entry.revents & Int16(POLLERR) != 0
    }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(number)
    }

    deinit { close() }
}
