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
        #expect(try door.isHeard() && door.acceptor.isAccepting && door.acceptor.resumeTime == .distantFuture)
        let end = MonotonicTime(nanoseconds: 1000)
        #expect(door.acceptor.pause(until: end, &door.pollSet))
        #expect(!door.acceptor.pause(until: end, &door.pollSet), "it pauses already")
        #expect(try !door.isHeard() && !door.acceptor.isAccepting && door.acceptor.resumeTime == end)
        door.acceptor.endPause(MonotonicTime(nanoseconds: 500))
        #expect(door.acceptor.resumeTime == MonotonicTime(nanoseconds: 500))
        door.acceptor.begin(&door.pollSet)
        #expect(try door.isHeard() && door.acceptor.isAccepting)
        let isAccepted = try door.acceptor.listener(Door.first)?.socket.accept() != nil
        #expect(isAccepted)
    }

    @Test("When it is over there is nobody to accept from, and nothing begins again")
    func end() throws {
        let door = try Door()
        door.acceptor.end(&door.pollSet)
        #expect(!door.acceptor.pause(until: MonotonicTime(nanoseconds: 1), &door.pollSet))
        door.acceptor.endPause(MonotonicTime(nanoseconds: 1))
        door.acceptor.begin(&door.pollSet)
        #expect(try !door.isHeard() && !door.acceptor.isAccepting && door.acceptor.resumeTime == .distantFuture)
        #expect(door.acceptor.listener(Door.first) == nil && door.acceptor.listeners.isEmpty)
    }
}

/// A listener, and a client who waits for it.
private final class Door {
    static let first = Token(slot: 16, generation: 0)

    var acceptor: Acceptor
    var pollSet = PollSet()
    private let client: LoopbackClient

    init() throws {
        let socket = try ListeningSocket(.loopback4(port: 0))
        client = try LoopbackClient(socket.address)
        try client.send("hello")
        acceptor = try Acceptor(listeners: [socket.takeDescriptor().release()], plain: [], firstToken: Self.first)
        acceptor.begin(&pollSet)
    }

    /// Whether the listener is reported as one that somebody waits for.
    func isHeard() throws -> Bool {
        var events: [Event] = []
        try pollSet.wait(timeout: pollSet.count == 0 ? .zero : .seconds(60), into: &events)
        return events.contains { $0.token == Self.first }
    }
}
