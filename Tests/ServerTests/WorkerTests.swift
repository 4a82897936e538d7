import HTTP
import Logging
import POSIX
import TLS
import Testing

@testable import Server

@Suite("A worker")
struct WorkerTests {
    @Test("A worker that is told to leave before it has begun leaves", .timeLimit(.minutes(1)))
    func toldEarly() throws {
        let (supervisor, control) = try ControlChannel.pair()
        try supervisor.send(.configuration([]))
        try supervisor.send(.drain)
        #expect(try control.receive() == .configuration([]))
        try Self.worker(control).run()
        #expect(try supervisor.receive() == .ready)
    }

    private static func worker(_ control: ControlChannel) throws -> Worker {
        let authority = try Certificate(DevelopmentAuthority.make(named: "test"))
        let identity = try DevelopmentAuthority.issue(for: ["localhost"], by: authority)
        let nowhere = Nowhere()
        return try Worker(
            listeners: [], context: TLSContext(TLSConfiguration(identities: [identity], ticketKeys: .random())),
            limits: Limits(), responder: nowhere, redirects: Redirects(onTLSPort: nowhere, onPlainPort: nowhere),
            accessSink: nil, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, control: control)
    }
}

private final class Nowhere: Responder {
    func open(_ request: borrowing Request) -> Answer { .complete(.error(.notFound, "nothing is here")) }
}
