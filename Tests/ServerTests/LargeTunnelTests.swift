import MartinetHTTP
import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("Much through one tunnel", .timeLimit(.minutes(10)), .serialized)
struct LargeTunnelTests {
    /// As much as `scripts/soak` wants, which runs nothing else in this process.
    private static let soakByteCount =
        ThisProcess.environment("MARTINET_TUNNEL_MEBIBYTES").flatMap { Int($0) }.map { $0 << 20 }

    @Test(
        "A client that is slow to read gets back all that it has sent, and memory stays as it is",
        arguments: TLSConfiguration.Version.allCases)
    func slowReader(version: TLSConfiguration.Version) throws {
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel() } })
        let client = try worker.connect(version)
        try client.send(SecureTunnelTests.upgrade)
        _ = try client.receive(until: "\r\n\r\n")
        var flow = Flow(client, byteCount: Self.soakByteCount ?? 24 << 20)
        var memory = Memory()
        while !flow.isSent {
            try flow.fill()
            memory.note(roundCount: flow.roundCount)
            #expect(flow.outstandingByteCount < 64 << 20, "more than two kernels and a worker keep")
            try flow.drain()
        }
        try client.endStream()
        try flow.finish()
        #expect(try client.isSocketEnded())
        #expect(flow.receivedByteCount == flow.byteCount)
        #expect(flow.isIntact, "what comes back is what was sent, in its order")
        client.close()
        try worker.end([])
        guard Self.soakByteCount != nil else { return }
        print(
            """
            TLS \(version.rawValue): \(flow.byteCount >> 20) MiB each way in \(flow.roundCount) rounds; \
            \(memory.first >> 10) KiB before, \(memory.most >> 10) KiB at the most
            """)
        #expect(memory.most - memory.first <= 4 << 20)
    }
}

/// What this process occupies while a tunnel is full.
private struct Memory {
    private(set) var first = 0
    private(set) var most = 0

    mutating func note(roundCount: Int) {
        // By then all buffers, the client's among them, have been as full as they can be.
        let warmUpCount = 4
        let byteCount = ThisProcess.residentByteCount
        if roundCount <= warmUpCount { first = max(first, byteCount) }
        most = max(most, byteCount)
    }
}

/// Bytes on their way to a server and back, of a client that reads when nothing more can be sent.
private struct Flow {
    let byteCount: Int
    private let client: SecureClient
    private let pattern: [UInt8]
    private var sentByteCount = 0
    /// The socket has taken whatever was begun.
    private var isTaken = true
    private(set) var receivedByteCount = 0
    private(set) var roundCount = 0
    private(set) var isIntact = true

    init(_ client: SecureClient, byteCount: Int) {
        self.client = client
        self.byteCount = byteCount
        // A prime number of bytes, so that it meets records and buffers in ever new places.
        pattern = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    }

    var isSent: Bool { sentByteCount == byteCount && isTaken }
    var outstandingByteCount: Int { sentByteCount - receivedByteCount }

    /// Sends until nobody takes anything more.
    mutating func fill() throws {
        roundCount += 1
        isTaken = try client.sendRest()
        while !isSent {
            if isTaken {
                let count = min(pattern.count, byteCount - sentByteCount)
                sentByteCount += count
                isTaken = try client.begin(sending: [UInt8](pattern[..<count]))
            } else if client.isTaking(within: 50) {
                isTaken = try client.sendRest()
            } else {
                return
            }
        }
    }

    /// Receives until little is on its way.
    mutating func drain() throws {
        while outstandingByteCount > 256 << 10 { try receive() }
    }

    mutating func finish() throws {
        while try receive() {}
    }

    @discardableResult
    private mutating func receive() throws -> Bool {
        let bytes = try client.receive()
        guard let first = bytes.first, let last = bytes.last else { return false }
        let position = receivedByteCount % pattern.count
        isIntact =
            isIntact && first == pattern[position] && last == pattern[(position + bytes.count - 1) % pattern.count]
        receivedByteCount += bytes.count
        return true
    }
}
