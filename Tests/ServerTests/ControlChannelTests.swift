import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("The line between the supervisor and a worker")
struct ControlChannelTests {
    @Test("Messages that come in one piece are all received")
    func onePiece() throws {
        let (supervisor, worker) = try ControlChannel.pair()
        try supervisor.send(.configuration(SecretBytes([1, 2, 3])))
        try supervisor.send(.drain)
        #expect(try worker.receive() == .configuration(SecretBytes([1, 2, 3])))
        #expect(worker.takeReceived() == [.drain])
        #expect(worker.takeReceived().isEmpty)
    }

    @Test("What is secret in a message is nowhere in memory once it is taken and dropped", arguments: [80, 100_000])
    func secrets(byteCount: Int) throws {
        let (supervisor, worker) = try ControlChannel.pair()
        var content: SecretBytes? = .random(byteCount)
        let ends = try #require(content).turnedEnds
        // The last that comes, so that nothing else is written where it stood.
        try supervisor.send(.configuration(try #require(content)))
        let memory = try ProcessMemory()
        #expect(try worker.receive() == .configuration(try #require(content)))
        content = nil
        for end in ends { #expect(!memory.contains(turned: end)) }
        #expect(worker.takeReceived().isEmpty && supervisor.takeReceived().isEmpty)
    }

    @Test("A worker is told of a new ticket key, in one piece with what else there is to say")
    func ticketKey() throws {
        let (supervisor, worker) = try ControlChannel.pair()
        let key = SecretBytes.random(80)
        try supervisor.send(.configuration(SecretBytes([1])))
        try supervisor.send(.ticketKey(key))
        try supervisor.send(.drain)
        var messages: [ControlChannel.Message] = []
        while messages.count < 3 { messages.append(try #require(try worker.receive())) }
        #expect(messages == [.configuration(SecretBytes([1])), .ticketKey(key), .drain])
    }

    @Test("A worker is told the end of its supervisor")
    func end() throws {
        let worker = try ControlChannel.pair().worker
        #expect(try worker.receive() == nil && worker.isEnded && !worker.isBroken)
    }

    @Test(
        "Whatever else than its readiness a worker says ends the line, before anything is kept of it",
        arguments: [
            [1, 0, 0, 0, 1, 65], [2, 0, 0, 0, 0], [3, 0, 0, 0, 1], [3, 3, 255, 255, 255], [4, 0, 0, 0, 1], [9],
        ])
    func worker(bytes: [UInt8]) throws {
        let pair = try SocketPair()
        let raw = try FileDescriptor.duplicate(pair.second.number)
        let supervisor = ControlChannel(pair.takeFirst(), at: .supervisor)
        _ = try raw.send((bytes + [0, 0, 0, 0, 0]).span)
        #expect(try supervisor.receiveAvailable().isEmpty)
        #expect(supervisor.isEnded && supervisor.isBroken)
    }

    @Test("A configuration that is larger than any can be is refused at its header")
    func largest() throws {
        let pair = try SocketPair()
        let raw = try FileDescriptor.duplicate(pair.second.number)
        let worker = ControlChannel(pair.takeFirst(), at: .worker)
        _ = try raw.send([1, 4, 0, 0, 1].span)
        #expect(try worker.receive() == nil && worker.isBroken)
    }

    @Test("A worker is given the file in which a log goes on, whatever comes in one piece with it")
    func log() throws {
        let (supervisor, worker) = try ControlChannel.pair()
        let pipe = try Pipe(isNonBlocking: true)
        try supervisor.send(.configuration(SecretBytes([1])))
        try supervisor.send(.log(.error, pipe.writing.number))
        try supervisor.send(.log(.access, pipe.writing.number))
        try supervisor.send(.drain)
        var messages: [ControlChannel.Message] = []
        while messages.last != .drain { messages.append(try #require(try worker.receive())) }
        guard case .log(.error, let first) = messages[1], case .log(.access, let second) = messages[2] else {
            Issue.record("\(messages)")
            return
        }
        for (number, byte) in [(first, 1), (second, 2)] as [(CInt, UInt8)] {
            let file = FileDescriptor(owning: number)
            #expect(try file.write([byte].span) == .bytes(1))
            var buffer: [UInt8] = [0, 0]
            var room = buffer.mutableSpan
            #expect(try pipe.reading.read(into: &room) == .bytes(1))
            #expect(buffer == [byte, 0])
        }
    }

    @Test("A worker that takes nothing does not hold its supervisor up")
    func full() throws {
        let (supervisor, worker) = try ControlChannel.pair()
        let error = #expect(throws: SystemError.self) {
            for _ in 0..<100_000 { try supervisor.send(.drain) }
        }
        #expect(error?.isTryAgain == true)
        _ = worker
    }
}

extension ControlChannel {
    /// Both ends of a line.
    static func pair() throws -> (supervisor: ControlChannel, worker: ControlChannel) {
        let pair = try SocketPair()
        let worker = try FileDescriptor.duplicate(pair.second.number)
        return (ControlChannel(pair.takeFirst(), at: .supervisor), ControlChannel(worker, at: .worker))
    }
}
