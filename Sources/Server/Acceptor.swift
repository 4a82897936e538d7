import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// The sockets that a worker accepts connections from, and whether it does so now.
struct Acceptor {
    /// A listening socket. A class, since an array cannot hold a noncopyable value.
    final class Listener {
        let socket: ListeningSocket
        /// Whether it is for plain HTTP.
        let isPlain: Bool

        init(_ socket: consuming ListeningSocket, isPlain: Bool) {
            self.socket = socket
            self.isPlain = isPlain
        }
    }

    private enum Phase: Equatable {
        case accepting
        case pausing(until: MonotonicTime)
        /// The worker takes on nothing new.
        case over
    }

    /// None any more when it is over.
    private(set) var listeners: [Listener]
    private let firstToken: Token
    private var phase = Phase.accepting

    /// - Parameters:
    ///   - listeners: descriptors of the sockets for TLS, already listening.
    ///   - plain: those for plain HTTP.
    ///   - firstToken: the first listener's in the poll set; the others have the slots behind it.
    init(listeners: [CInt], plain: [CInt], firstToken: Token) throws(SystemError) {
        self.listeners = []
        for number in listeners + plain {
            let socket = try ListeningSocket(inheriting: FileDescriptor(owning: number))
            self.listeners.append(Listener(socket, isPlain: plain.contains(number)))
        }
        self.firstToken = firstToken
    }

    var isAccepting: Bool { phase == .accepting }

    /// When a pause is over.
    var resumeTime: MonotonicTime {
        if case .pausing(let end) = phase { end } else { .distantFuture }
    }

    /// The listener that an event is for; nil where it is for none.
    func listener(_ token: Token) -> Listener? {
        let index = Int(token.slot) - Int(firstToken.slot)
        return listeners.indices.contains(index) ? listeners[index] : nil
    }

    /// Begins to accept, or begins again after a pause.
    mutating func begin(_ pollSet: inout PollSet) {
        guard phase != .over else { return }
        phase = .accepting
        for (index, listener) in listeners.enumerated() {
            let token = Token(slot: Int(firstToken.slot) + index, generation: firstToken.generation)
            pollSet.watch(listener.socket.descriptor.number, for: .read, token: token)
        }
    }

    /// Leaves clients in the kernel's queue for a while; whether that is new.
    mutating func pause(until time: MonotonicTime, _ pollSet: inout PollSet) -> Bool {
        guard phase != .over else { return false }
        let isNew = phase == .accepting
        ignoreListeners(&pollSet)
        phase = .pausing(until: time)
        return isNew
    }

    /// There is room again: a pause ends now.
    mutating func endPause(_ now: MonotonicTime) {
        if case .pausing = phase { phase = .pausing(until: now) }
    }

    /// Accepts no more, and closes the sockets: where nobody else has them open, the ports are free.
    mutating func end(_ pollSet: inout PollSet) {
        ignoreListeners(&pollSet)
        listeners = []
        phase = .over
    }

    private func ignoreListeners(_ pollSet: inout PollSet) {
        for listener in listeners { pollSet.remove(listener.socket.descriptor.number) }
    }
}
