import POSIX
import Testing

@testable import Server

@Suite("The line between the supervisor and a worker")
struct ControlChannelTests {
    @Test("Messages that come in one piece are all received")
    func onePiece() throws {
        let (supervisor, worker) = try ControlChannel.pair()
        try supervisor.send(.configuration([1, 2, 3]))
        try supervisor.send(.drain)
        #expect(try worker.receive() == .configuration([1, 2, 3]))
        #expect(worker.takeReceived() == [.drain])
        #expect(worker.takeReceived().isEmpty)
    }

    @Test("A worker is told the end of its supervisor")
    func end() throws {
        let worker = try ControlChannel.pair().worker
        #expect(try worker.receive() == nil && worker.isEnded)
    }
}

extension ControlChannel {
    /// Both ends of a line.
    static func pair() throws -> (supervisor: ControlChannel, worker: ControlChannel) {
        let pair = try SocketPair()
        let worker = try FileDescriptor.duplicate(pair.second.number)
        return (ControlChannel(pair.takeFirst()), ControlChannel(worker))
    }
}
