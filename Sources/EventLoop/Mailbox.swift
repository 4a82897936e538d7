package import MartinetEvents
package import MartinetPOSIX
import Synchronization

/// The way into a loop from other threads: wake-ups, each for one exchange or one member.
///
/// However often somebody is woken before the loop looks, there is one wake-up, so that there are no more of them than who
/// can be woken. The loop is signalled only while it sleeps.
package final class Mailbox: WakeTarget {
    private struct State {
        var tokens: Set<Token> = []
        var isSleeping = false
        /// The descriptor is readable.
        var isSignalled = false
    }

    private let state = Mutex(State())
    private let wakeup: Wakeup

    package init() throws(SystemError) {
        wakeup = try Wakeup()
    }

    /// To be polled for reading while the loop sleeps.
    package var descriptor: CInt { wakeup.descriptor }

    package func wake(_ token: Token) {
        let isAsleep = state.withLock { state in
            state.tokens.insert(token)
            guard state.isSleeping, !state.isSignalled else { return false }
            state.isSignalled = true
            return true
        }
        if isAsleep { wakeup.signal() }
    }

    /// The loop is about to poll.
    ///
    /// - Returns: false where somebody is to be woken already, so that it must not wait.
    package func sleep() -> Bool {
        state.withLock { state in
            state.isSleeping = state.tokens.isEmpty
            return state.isSleeping
        }
    }

    /// The loop is awake: takes those that were woken.
    package func take() -> Set<Token> {
        let isSignalled = state.withLock { state in
            state.isSleeping = false
            return state.isSignalled
        }
        // Before what it tells of is taken, so that none is missed. Nobody signals now.
        if isSignalled { wakeup.clear() }
        return state.withLock { state in
            state.isSignalled = false
            guard !state.tokens.isEmpty else { return [] }
            defer { state.tokens = [] }
            return state.tokens
        }
    }
}
