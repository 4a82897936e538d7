package import MartinetEvents
package import MartinetHTTP
package import MartinetPOSIX
import Synchronization

/// A loop for exchanges under test: what they wait for is known, and the time is what the test says.
package final class TestLoop: ExchangeLoop {
    /// Something that an exchange has registered.
    package struct Registration: Equatable {
        package let descriptor: CInt
        package var directions: Readiness
        package let token: Token
    }

    /// What takes wake-ups, from any thread.
    private final class Bell: WakeTarget {
        let tokens = Mutex<Set<Token>>([])
        let wakeup: Wakeup

        init() throws(SystemError) {
            wakeup = try Wakeup()
        }

        func wake(_ token: Token) {
            tokens.withLock { _ = $0.insert(token) }
            wakeup.signal()
        }

        func take() -> Set<Token> {
            wakeup.clear()
            return tokens.withLock { tokens in
                defer { tokens = [] }
                return tokens
            }
        }
    }

    package var now: MonotonicTime
    private let clock: (() -> MonotonicTime)?
    /// In the order in which they were asked for.
    package private(set) var registrations: [Registration] = []
    package private(set) var deadlines: [Token: MonotonicTime] = [:]
    /// How often something was registered.
    package private(set) var count = 0
    private let bell: Bell

    package init(now: MonotonicTime = .start, clock: (() -> MonotonicTime)? = nil) {
        self.now = now
        self.clock = clock
        guard let bell = try? Bell() else { fatalError("no descriptor for a test's loop") }
        self.bell = bell
    }

    package func readClock() -> MonotonicTime { clock?() ?? now }

    package func watch(_ descriptor: CInt, adding directions: Readiness, for token: Token) {
        count += 1
        if let index = registrations.firstIndex(where: { $0.descriptor == descriptor && $0.token == token }) {
            registrations[index].directions.formUnion(directions)
        } else {
            registrations.append(Registration(descriptor: descriptor, directions: directions, token: token))
        }
    }

    package func forget(_ descriptor: CInt, for token: Token) {
        registrations.removeAll { $0.descriptor == descriptor && $0.token == token }
    }

    package func setDeadline(_ time: MonotonicTime, for token: Token) {
        deadlines[token] = time == .distantFuture ? nil : time
    }

    package func waker(for token: Token) -> Waker { Waker(bell, token: token) }

    package func cancel(_ token: Token) {
        registrations.removeAll { $0.token == token }
        deadlines[token] = nil
    }

    /// What has happened that was registered, but for deadlines; it is registered no longer.
    package func takeEvents() throws(SystemError) -> [(event: ExchangeEvent, token: Token)] {
        var events: [(event: ExchangeEvent, token: Token)] = []
        var entries = registrations.map { PollEntry(descriptor: $0.descriptor, interest: $0.directions) }
        var table = entries.mutableSpan
        _ = try PollEntry.poll(&table, timeout: .zero)
        for (registration, entry) in zip(registrations, entries) where !entry.readiness.isEmpty {
            events.append((.ready(registration.descriptor, entry.readiness), registration.token))
            let left = registration.directions.subtracting(entry.readiness)
            registrations.removeAll { $0 == registration }
            if !left.isEmpty, !entry.readiness.contains(.hangUp) {
                registrations.append(
                    Registration(descriptor: registration.descriptor, directions: left, token: registration.token))
            }
        }
        for token in bell.take() { events.append((.woken, token)) }
        return events
    }

    /// Whose deadlines are over, which they have no longer. To be called when everything else was served.
    package func takeDue() -> [Token] {
        let due = deadlines.filter { $1 <= now }.map(\.key)
        for token in due { deadlines[token] = nil }
        return due
    }

    /// What is polled for what is registered and for wake-ups.
    package var entries: [PollEntry] {
        registrations.map { PollEntry(descriptor: $0.descriptor, interest: $0.directions) }
            + [PollEntry(descriptor: bell.wakeup.descriptor, interest: .read)]
    }
}
