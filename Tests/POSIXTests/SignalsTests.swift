import Glibc
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Signals as something to poll", .timeLimit(.minutes(1)))
struct SignalsTests {
    @Test("The names stand for the numbers that this system gives them")
    func numbers() {
        let pairs: [(Signal, CInt)] = [
            (.hangUp, SIGHUP), (.interrupt, SIGINT), (.user1, SIGUSR1), (.user2, SIGUSR2), (.pipe, SIGPIPE),
            (.terminate, SIGTERM), (.child, SIGCHLD),
        ]
        for (name, number) in pairs { #expect(name.rawValue == number) }
        #expect(pairs.count == Signal.allCases.count)
    }

    @Test("A signal waits to be read instead of interrupting")
    func queue() throws {
        let old = try currentMask()
        defer { restore(old) }
        let queue = try SignalQueue([.user1, .user2])
        #expect(queue.next() == nil)
        // raise(3) is for this thread, whose mask is the one that was set.
        raise(SIGUSR2)
        raise(SIGUSR1)
        let readiness = try FileDescriptor.wait(on: queue.descriptor.number)
        #expect(readiness == .read)
        #expect(Set([queue.next(), queue.next()]) == [.user1, .user2])
        #expect(queue.next() == nil)
    }

    @Test("A signal that is ignored is known to be, until it does again what it does by default")
    func ignored() {
        // Nobody sends this process anything that it would miss.
        #expect(!Signal.user2.isIgnored)
        Signal.ignore([.user2])
        #expect(Signal.user2.isIgnored)
        Signal.restoreDefaults([.user2])
        #expect(!Signal.user2.isIgnored)
    }

    private func currentMask() throws -> sigset_t {
        var mask = sigset_t()
        try #require(unsafe pthread_sigmask(SIG_BLOCK, nil, &mask) == 0)
        return mask
    }

    private func restore(_ mask: sigset_t) {
        var mask = mask
        unsafe pthread_sigmask(SIG_SETMASK, &mask, nil)
    }
}
