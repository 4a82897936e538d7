package import MartinetEvents

/// Something that a loop serves besides connections: sockets to accept from, a log, children, a line to a supervisor, idle
/// connections to other servers. The loop knows them by a list.
package protocol LoopMember: AnyObject {
    /// It has been added: registers what it waits for at first. The place is the member's for as long as the loop lives.
    func join(_ place: LoopPlace)

    /// Something has happened that it registered, or to the loop.
    func handle(_ event: LoopEvent)

    /// Whether a loop that is about to end has to wait for it.
    var isBusy: Bool { get }
}

/// What a member of a loop hears of.
package enum LoopEvent {
    /// A descriptor is ready. It stays registered unless it was asked for once.
    case ready(CInt, Readiness)
    /// The deadline that was set last is over, and there is none any more.
    case deadline
    /// Somebody has used its waker.
    case woken
    /// The loop will end: it is to finish, and take on nothing new.
    case draining
    /// The time for that is over.
    case ending
}

/// A member's place in its loop, which outlives it.
package struct LoopPlace {
    private unowned let loop: EventLoop
    private let token: Token

    init(_ loop: EventLoop, _ token: Token) {
        self.loop = loop
        self.token = token
    }

    /// The moment at which the current round of the loop began.
    package var now: MonotonicTime { loop.now }

    /// Reads the clock in the middle of a long round.
    package func updateTime() { loop.updateTime() }

    /// Has `.ready` come whenever the descriptor is, until it is forgotten.
    package func watch(_ descriptor: CInt, for directions: Readiness) {
        loop.watch(descriptor, for: directions, token: token)
    }

    /// Has `.ready` come once.
    package func watchOnce(_ descriptor: CInt, for directions: Readiness) {
        loop.watchOnce(descriptor, adding: directions, token: token)
    }

    /// To be called before a descriptor is closed.
    package func forget(_ descriptor: CInt) { loop.forget(descriptor, for: token) }

    /// Has `.deadline` come at that moment, in place of any that was set before; `distantFuture` for never.
    package func setDeadline(_ time: MonotonicTime) { loop.setDeadline(time, for: token) }

    /// For any thread: has `.woken` come.
    package var waker: Waker { loop.waker(for: token) }
}
