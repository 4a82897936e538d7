import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// Who takes the connections that an `Acceptor` accepts.
protocol AcceptorDelegate: AnyObject {
    /// Makes room for one more connection; false where there is none.
    ///
    /// - Parameter isExhausted: whether the kernel has said so.
    func makeRoom(isExhausted: Bool) -> Bool
    func accepted(_ socket: consuming AcceptedSocket, isPlain: Bool)
    /// Nobody is accepted for a while.
    func acceptingPauses(_ reason: String)
}

/// Accepts connections from the sockets that a worker listens on.
final class Acceptor: LoopMember {
    private enum Phase {
        case accepting
        case pausing
        /// The worker takes on nothing new.
        case over
    }

    /// How long accepting pauses when there is no descriptor left, or the kernel lets nobody in.
    static let pause = Interval.milliseconds(500)

    /// None any more when it is over.
    private var listeners: [Listener]
    private var phase = Phase.accepting
    private var place: LoopPlace?
    weak var delegate: (any AcceptorDelegate)?

    init(_ listeners: [Listener]) {
        self.listeners = listeners
    }

    func join(_ place: LoopPlace) {
        self.place = place
        begin()
    }

    func handle(_ event: LoopEvent) {
        switch event {
        case .ready(let descriptor, _):
            if let listener = listeners.first(where: { $0.descriptor == descriptor }) { _ = accept(from: listener) }
        case .deadline: begin()
        case .draining: acceptLast()
        case .woken, .ending: break
        }
    }

    let isBusy = false

    /// There may be room again: a pause ends now.
    func endPause() {
        if phase == .pausing, let place { place.setDeadline(place.now) }
    }

    private func begin() {
        guard phase != .over else { return }
        phase = .accepting
        for listener in listeners { place?.watch(listener.descriptor, for: .read) }
    }

    /// Leaves clients in the kernel's queue for a while.
    private func beginPause(_ reason: String) {
        guard phase == .accepting, let place else { return }
        phase = .pausing
        for listener in listeners { place.forget(listener.descriptor) }
        place.setDeadline(place.now + Self.pause)
        delegate?.acceptingPauses(reason)
    }

    /// Accepts some of those that wait; whether there may be more.
    private func accept(from listener: Listener) -> Bool {
        guard let delegate else { return false }
        for _ in 0..<Limits.acceptsPerTurn {
            guard phase == .accepting else { return false }
            guard delegate.makeRoom(isExhausted: false) else {
                beginPause("every connection is busy")
                return false
            }
            do throws(SystemError) {
                guard let accepted = try listener.accept() else { return false }
                delegate.accepted(accepted, isPlain: listener.isPlain)
            } catch {
                // One idle client's place is worth more to one who asks for something.
                if error.isExhaustion, delegate.makeRoom(isExhausted: true) { continue }
                beginPause(error.description)
                return false
            }
        }
        return true
    }

    /// Accepts the clients that wait in the kernel's queues, then closes the listening sockets: where nobody else has them
    /// open, the ports are free. The number is bounded, since clients may come as fast as they are accepted.
    private func acceptLast() {
        guard phase != .over else { return }
        // A pause would leave them to be reset.
        begin()
        for listener in listeners {
            var turns = 0
            while turns < Limits.lastAcceptTurns, accept(from: listener) {
                turns += 1
                place?.updateTime()
            }
        }
        for listener in listeners {
            place?.forget(listener.descriptor)
            listener.close()
        }
        place?.setDeadline(.distantFuture)
        listeners = []
        phase = .over
    }
}
