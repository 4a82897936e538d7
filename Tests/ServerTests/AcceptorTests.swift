import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("Accepting")
struct AcceptorTests {
    @Test("While accepting pauses nobody is heard, and afterwards those who waited are")
    func pause() throws {
        let door = try Door()
        door.hasRoom = false
        door.round()
        #expect(door.pauses == ["every connection is busy"] && door.acceptedCount == 0)
        door.hasRoom = true
        door.clock.time = door.clock.time + .milliseconds(499)
        door.round()
        #expect(door.acceptedCount == 0)
        door.clock.time = door.clock.time + .milliseconds(1)
        door.round()
        door.round()
        #expect(door.acceptedCount == 1 && door.pauses.count == 1)
    }

    @Test("A pause ends as soon as there is room")
    func endOfPause() throws {
        let door = try Door()
        door.hasRoom = false
        door.round()
        door.hasRoom = true
        door.acceptor.endPause()
        door.clock.time = door.clock.time + .milliseconds(1)
        door.round()
        door.round()
        #expect(door.acceptedCount == 1)
    }

    @Test("Before it is over, those who wait are accepted, also in a pause; then there is nobody to accept from")
    func end() throws {
        let door = try Door()
        door.hasRoom = false
        door.round()
        door.hasRoom = true
        door.loop.drain()
        #expect(door.acceptedCount == 1)
        door.acceptor.endPause()
        door.clock.time = door.clock.time + .seconds(1)
        door.round()
        #expect(door.acceptedCount == 1)
        // The port is free.
        _ = try ListeningSocket(door.address)
    }
}

/// A listener, and a client who waits for it.
private final class Door: AcceptorDelegate {
    final class Clock {
        var time = MonotonicTime(nanoseconds: 1_000_000)
    }

    let clock = Clock()
    let loop: EventLoop
    let acceptor: Acceptor
    let address: SocketAddress
    var hasRoom = true
    private(set) var acceptedCount = 0
    private(set) var pauses: [String] = []
    private let client: LoopbackClient

    init() throws {
        let clock = clock
        loop = try EventLoop { clock.time }
        let socket = try ListeningSocket(.loopback4(port: 0))
        address = socket.address
        client = try LoopbackClient(address)
        try client.send("hello")
        acceptor = Acceptor([Listener(socket)])
        acceptor.delegate = self
        loop.add(acceptor)
    }

    func round() {
        var events: [Event] = []
        do throws(SystemError) {
            try loop.wait(atMost: .zero, into: &events)
        } catch {
            Issue.record(error)
        }
        _ = loop.serveMembers()
        while loop.takeDue() != nil {}
    }

    func makeRoom(isExhausted: Bool) -> Bool { hasRoom }
    func accepted(_ socket: consuming AcceptedSocket, isPlain: Bool) { acceptedCount += 1 }
    func acceptingPauses(_ reason: String) { pauses.append(reason) }
}
