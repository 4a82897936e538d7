import Glibc
import MartinetEvents
import MartinetTestSupport
import Testing

@testable import MartinetPOSIX

@Suite("Listening sockets", .timeLimit(.minutes(1)))
struct ListeningSocketTests {
    @Test("Clients that have left are passed over, but not for ever", arguments: [ECONNABORTED, ENETUNREACH, EPROTO])
    func passedOver(code: CInt) throws {
        var codes = [code, EINTR, code, EAGAIN]
        let isNobody =
            try ListeningSocket.accept {
                errno = codes.removeFirst()
                return (-1, nil)
            } == nil
        #expect(isNobody && codes.isEmpty)

        #expect(Self.accept(failingWith: code) == ListeningSocket.passLimit)
    }

    @Test("What the kernel may say for ever is asked once", arguments: [EPERM, EMFILE, ENFILE, EINVAL, EBADF, 4095])
    func unknown(code: CInt) {
        #expect(Self.accept(failingWith: code) == 1)
    }

    /// How often the kernel is asked that says nothing else, before that is the error.
    private static func accept(failingWith code: CInt) -> Int {
        var callCount = 0
        let error = #expect(throws: SystemError.self) {
            _ = try ListeningSocket.accept {
                callCount += 1
                errno = code
                return (-1, nil)
            }
        }
        #expect(error?.code == code)
        return callCount
    }

    @Test("Port 0 becomes a port of the kernel's choice")
    func anyPort() throws {
        let listener = try ListeningSocket(.loopback4(port: 0))
        #expect(listener.address.port != 0)
        #expect(listener.address.with(port: 0) == .loopback4(port: 0))
    }

    @Test("A port that another socket shares is found in use, unless joining it is meant")
    func sharing() throws {
        let first = try ListeningSocket(.loopback4(port: 0))
        let address = first.address
        let error = #expect(throws: SystemError.self) { _ = try ListeningSocket(address) }
        #expect(error?.isAddressInUse == true)
        #expect(error?.call == "bind")
        let second = try ListeningSocket(address, isJoining: true)
        #expect(second.address == address)
        // Joined twice, it is still in use to whoever does not join.
        let again = #expect(throws: SystemError.self) { _ = try ListeningSocket(address) }
        #expect(again?.isAddressInUse == true)
    }

    @Test("IPv6 leaves the same port of IPv4 to others")
    func families() throws {
        do throws(SystemError) {
            let listener = try ListeningSocket(.any6(port: 0))
            let other = try ListeningSocket(.loopback4(port: listener.address.port))
            #expect(other.address.port == listener.address.port)
        } catch {
            // A machine without IPv6 has nothing to test here.
            try #require(error.isUnavailable)
        }
    }

    @Test("An address of another machine is unavailable")
    func unavailable() {
        guard let address = SocketAddress(host: "192.0.2.1", port: 0) else { return }
        let error = #expect(throws: SystemError.self) { _ = try ListeningSocket(address) }
        #expect(error?.isUnavailable == true)
    }

    @Test("Nobody waiting is no error; a client that has sent something is accepted with its address")
    func accepting() throws {
        let listener = try ListeningSocket(.loopback4(port: 0))
        let isAnyoneThere = try listener.accept() != nil
        #expect(!isAnyoneThere)

        let client = try LoopbackClient(listener.address)
        // The kernel keeps a connection back until its first bytes are there.
        try client.send("hello")
        try FileDescriptor.wait(on: listener.descriptor.number)
        guard let accepted = try listener.accept() else {
            Issue.record("nobody was waiting")
            return
        }
        let peer = accepted.peer
        #expect(try peer == client.address())
        let descriptor = accepted.takeDescriptor()
        let isClosedOnExec = fcntl(descriptor.number, F_GETFD) & FD_CLOEXEC != 0
        #expect(isClosedOnExec)
        let content = try descriptor.receiveText()
        #expect(content == "hello")
        let more = try descriptor.receiveText()
        #expect(more == nil, "an accepted socket does not wait")
    }

    @Test("A socket handed down keeps its address and goes on listening")
    func inheriting() throws {
        let listener = try ListeningSocket(.loopback4(port: 0))
        let address = listener.address
        let inherited = try ListeningSocket(inheriting: listener.takeDescriptor())
        #expect(inherited.address == address)
        let client = try LoopbackClient(address)
        try client.send("x")
        try FileDescriptor.wait(on: inherited.descriptor.number)
        let isAccepted = try inherited.accept() != nil
        #expect(isAccepted)
    }

    @Test("What is no Internet socket cannot be inherited")
    func inheritingOther() throws {
        #expect(throws: SystemError.self) {
            let pipe = try Pipe(isNonBlocking: true)
            let copy = try FileDescriptor.duplicate(pipe.reading.number)
            _ = try ListeningSocket(inheriting: copy)
        }
    }
}

extension FileDescriptor {
    /// What one recv(2) brings, as text; nil when it would wait.
    func receiveText() throws -> String? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        var room = bytes.mutableSpan
        switch try receive(into: &room) {
        case .bytes(let count): return String(decoding: bytes.prefix(count), as: UTF8.self)
        case .endOfStream: return ""
        case .wouldBlock: return nil
        }
    }
}
