import FoundationEssentials
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("What workers inherit", .timeLimit(.minutes(1)))
struct InheritanceTests {
    private let nowhere = SocketAddress.loopback4(port: 1)

    @Test("Each worker gets its own sockets and what is everybody's, in the order of the roles")
    func numbers() throws {
        var inheritance = Inheritance(workerCount: 2)
        let secure = InheritedRole.listener(.loopback4(port: 1), isPlain: false)
        let plain = InheritedRole.listener(.loopback4(port: 1), isPlain: true)
        var numbers: [[CInt]] = [[], []]
        for role in [secure, plain] {
            for worker in 0..<2 {
                let file = try FileDescriptor.open("/dev/null", for: .reading)
                numbers[worker].append(file.number)
                inheritance.add(file, as: role, forWorker: worker)
            }
        }
        let log = try FileDescriptor.open("/dev/null", for: .reading)
        let logNumber = log.number
        inheritance.add(log, as: .log(.access))
        #expect(inheritance.roles == [secure, plain, .log(.access)])
        for worker in 0..<2 { #expect(inheritance.numbers(forWorker: worker) == numbers[worker] + [logNumber]) }
        #expect(inheritance.number(of: .log(.access)) == logNumber)
        #expect(inheritance.number(of: secure) == nil, "each worker has another")
        inheritance.close { $0.isListener }
        #expect(inheritance.roles == [.log(.access)])
        #expect(inheritance.numbers(forWorker: 1) == [logNumber])
    }

    @Test("What one worker lacks leaves the others' places as they are")
    func lacking() throws {
        var inheritance = Inheritance(workerCount: 2)
        inheritance.add(
            try FileDescriptor.open("/dev/null", for: .reading), as: .listener(nowhere, isPlain: false), forWorker: 0)
        inheritance.add(try FileDescriptor.open("/dev/null", for: .reading), as: .log(.access))
        let numbers = inheritance.numbers(forWorker: 1)
        #expect(numbers.count == 2)
        #expect(numbers[0] == -1)
        #expect(numbers[1] == inheritance.number(of: .log(.access)))
    }

    @Test("The descriptors are closed with their owner, or when they are over")
    func closing() throws {
        var readers: [CInt] = []
        do {
            var inheritance = Inheritance(workerCount: 1)
            for role in [InheritedRole.listener(nowhere, isPlain: true), .log(.access)] {
                let pipe = try Pipe(isNonBlocking: true)
                readers.append(try FileDescriptor.duplicate(pipe.reading.number).release())
                inheritance.add(pipe.takeWriting(), as: role)
            }
            #expect(!hasEnded(readers[0]) && !hasEnded(readers[1]))
            inheritance.close { $0.isListener }
            #expect(hasEnded(readers[0]) && !hasEnded(readers[1]))
        }
        #expect(hasEnded(readers[1]))
        for reader in readers { _ = FileDescriptor(owning: reader) }
    }

    @Test("Each is taken once by its role; what nobody takes is closed")
    func taking() throws {
        let control = try Pipe(isNonBlocking: true), log = try Pipe(isNonBlocking: true)
        let readers = [
            try FileDescriptor.duplicate(control.reading.number).release(),
            try FileDescriptor.duplicate(log.reading.number).release(),
        ]
        do {
            var inherited = InheritedDescriptors(control: control.takeWriting().release())
            inherited.add([.log(.access)], from: log.takeWriting().release())
            #expect(inherited.has(.log(.access)) && !inherited.has(.log(.output)))
            let line = try inherited.take(.control)
            let isOpen = line.isOpen
            #expect(isOpen)
            #expect(throws: InheritedDescriptors.Failure.missing(.control)) { _ = try inherited.take(.control) }
            #expect(!hasEnded(readers[0]) && !hasEnded(readers[1]))
        }
        #expect(hasEnded(readers[0]) && hasEnded(readers[1]))
        for reader in readers { _ = FileDescriptor(owning: reader) }
    }

    @Test("Listening sockets come by their addresses, and nothing else passes for one")
    func listeners() throws {
        let socket = try ListeningSocket(.loopback4(port: 0))
        let address = socket.address
        var inherited = InheritedDescriptors(control: -1)
        inherited.add([.listener(address, isPlain: true)], from: socket.takeDescriptor().release())
        let listeners = try inherited.takeListeners()
        #expect(listeners.map(\.address) == [address] && listeners.map(\.isPlain) == [true])
        #expect(try inherited.takeListeners().isEmpty)

        let other = try ListeningSocket(.loopback4(port: 0))
        let role = InheritedRole.listener(address, isPlain: false)
        inherited.add([role], from: other.takeDescriptor().release())
        #expect(throws: InheritedDescriptors.Failure.isSomethingElse(role)) { _ = try inherited.takeListeners() }
        inherited.add([role], from: try FileDescriptor.open("/dev/null", for: .reading).release())
        #expect(throws: InheritedDescriptors.Failure.isSomethingElse(role)) { _ = try inherited.takeListeners() }
        inherited.add([.log(.access)], from: 1_000_000)
        #expect(throws: InheritedDescriptors.Failure.isSomethingElse(.log(.access))) {
            _ = try inherited.take(.log(.access))
        }
    }

    @Test("Failures say what is missing")
    func failures() {
        let role = InheritedRole.listener(.loopback6(port: 8443), isPlain: false)
        #expect(
            "\(InheritedDescriptors.Failure.missing(role))"
                == "the supervisor has not handed down the socket for HTTPS on [::1]:8443")
        #expect(
            "\(InheritedDescriptors.Failure.isSomethingElse(.log(.access)))"
                == "what the supervisor has handed down is not the file of the access log")
    }

    @Test("Roles are the same when they have been sent")
    func coding() throws {
        let roles: [InheritedRole] = [
            .control, .listener(.loopback6(port: 443), isPlain: false), .listener(.any4(port: 80), isPlain: true),
            .log(.access), .log(.error),
        ]
        let text = try JSONEncoder().encode(roles)
        #expect(try JSONDecoder().decode([InheritedRole].self, from: text) == roles)
    }

    /// Whether nobody can write to a pipe any more.
    private func hasEnded(_ reader: CInt) -> Bool {
        guard let reading = try? FileDescriptor.duplicate(reader) else { return false }
        var bytes: [UInt8] = [0]
        var room = bytes.mutableSpan
        return (try? reading.read(into: &room)) == .endOfStream
    }
}
