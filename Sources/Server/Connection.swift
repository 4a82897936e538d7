import Logging
import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTLS

/// One client's connection, from accept to close: a channel, and the protocol that is spoken on it.
///
/// Whatever woke it, its turn is the same: finish sending, receive, advance, flush, until nothing moves or the turn's
/// budget is spent. What it waits for, and for how long, follows from its state afterwards:
///
///     phase        turn                          exchange's event   deadline             drain            cut
///     handshaking  open; draining (refused),     –                  closed               2 s are left     closed
///                  closed (client gone)
///     open         draining (the protocol has    heard, then a      408, the response,   heard; idle      closed, with an
///                  ended), closed (client lost)  turn               or draining          behind one:      alert if busy
///                                                                                        draining, else
///                                                                                        2 s for a head
///     draining     lingering (all is sent),      –                  closed               –                closed
///                  closed (lost, or its end
///                  is here already)
///     lingering    closed (the client's end)     –                  closed               –                closed
struct Connection: ~Copyable {
    enum Phase: Equatable {
        /// The TLS handshake is under way.
        case handshaking
        /// Requests and responses.
        case open
        /// The last bytes are on their way out.
        case draining
        /// Our side is closed; what still comes is dropped, so that the peer can read our last bytes undisturbed.
        case lingering
        case closed
    }

    var channel: Channel
    private let address: SocketAddress
    private let token: Token
    var phase = Phase.handshaking
    /// Nil but while the connection is open.
    var conversation: Conversation?
    /// The peer asked for the end and sends nothing more that matters.
    var isEndExpected = false
    private var timeout: ProgressDeadline
    /// When the client last took something, or had nothing to take.
    private(set) var lastTaken: MonotonicTime

    /// - Parameters:
    ///   - token: its own in the loop, whose streams are its exchanges.
    ///   - isPlain: whether the listener is one for plain HTTP.
    init(
        _ accepted: consuming AcceptedSocket, token: Token, isPlain: Bool, _ worker: WorkerContext
    ) throws(TLSError) {
        address = accepted.peer
        channel = try Channel(
            accepted.takeDescriptor(), isPlain ? nil : worker.parts.tls, over: worker.transport)
        self.token = token
        timeout = ProgressDeadline(worker.timeouts, now: worker.now)
        lastTaken = worker.now
        if isPlain { open(worker.parts.redirects.spoken, nil, worker.parts.redirects.onPlainPort, worker) }
    }

    var descriptor: CInt { channel.descriptor }

    // MARK: What it waits for

    /// Whether the socket is to be polled: once both sides have ended it would be reported again and again, though what came
    /// last may not be wanted yet.
    var isWatched: Bool { !channel.hasShutOutput || phase != .open || interest != .none }

    /// What the connection waits for from its socket.
    var interest: Readiness {
        if phase == .closed { return .none }
        if channel.isBlocked { return .write }
        if channel.isAtEnd { return .none }
        switch phase {
        case .handshaking, .lingering: return .read
        case .draining, .closed: return .none
        case .open:
            if conversation.borrowed({ $0.wantsInput(from: channel) }) ?? false { return .read }
            // While something else is waited for, a client that ends its side is not read but still noticed: once, since the
            // kernel would say it again and again.
            return waiting == .response && !channel.isPeerEndKnown ? .peerEnd : .none
        }
    }

    /// What the conversation waits for; nil where there is none.
    private var waiting: Waiting? { conversation.borrowed { $0.waiting } }

    /// Memory that is kept until the client takes what is sent, or what it has sent is wanted, in bytes.
    var keptByteCount: Int { channel.keptByteCount + (conversation.borrowed { $0.keptByteCount } ?? 0) }

    /// Whether the client has taken nothing of what waits for it since that moment.
    func isStalled(since time: MonotonicTime) -> Bool { channel.isBlocked && lastTaken <= time }

    /// Whether no request is in progress, so that it can be closed without harm.
    var isIdle: Bool { waiting == .request && !channel.isBlocked }

    /// Whether it could go on without waiting.
    var isRunnable: Bool { conversation.borrowed { $0.isRunnable } ?? false }

    /// Until when it may wait. Exchanges have deadlines of their own.
    var deadline: MonotonicTime { timeout.deadline }

    private var reason: ProgressDeadline.Reason {
        if channel.isBlocked { return .flushing }
        switch phase {
        case .handshaking: return .handshake
        case .draining: return .flushing
        case .lingering, .closed: return .lingering
        case .open:
            let waiting = waiting ?? .request
            if isRunnable || waiting == .output || waiting == .turn { return .flushing }
            return .conversation(waiting, exchange: conversation.borrowed { $0.progress.exchangeCount } ?? 0)
        }
    }

    // MARK: What can happen

    /// The socket is ready, or the connection was runnable.
    mutating func turn(_ readiness: Readiness, _ worker: WorkerContext) {
        conversation?.beginTurn()
        var progress = ProgressDeadline.Progress()
        do {
            if readiness.contains(.hangUp), isOwedOutput { throw HangUp() }
            if readiness.contains(.peerEnd) { channel.notePeerEnd() }
            if channel.isBlocked { progress.sentByteCount = try channel.sendUnsent() }
            if phase == .lingering {
                if try channel.linger().isOver { phase = .closed }
            } else if !channel.isBlocked {
                progress.receivedByteCount = try receive(readiness, worker)
                try move(worker, &progress.sentByteCount)
            }
        } catch let error as TLSError {
            worker.logger.debug("\(address): connection ended: \(error)")
            progress.sentByteCount += refuse(worker)
        } catch {
            // The peer reset the connection, or the network did.
            worker.logger.debug("\(address): connection lost: \(error)")
            lose(worker)
        }
        if progress.sentByteCount > 0 || !channel.isBlocked { lastTaken = worker.now }
        progress.contentByteCount = conversation.borrowed { $0.progress.receivedByteCount } ?? 0
        timeout.wait(for: reason, progress, worker.timeouts, now: worker.now)
    }

    /// Something has happened to an exchange, which hears of it even while the client takes nothing.
    mutating func handle(_ event: ExchangeEvent, stream: UInt32, _ worker: WorkerContext) {
        conversation?.handle(event, stream: stream)
        turn(.none, worker)
    }

    /// The worker is about to leave, and waits neither for handshakes nor for requests as long as otherwise.
    mutating func drain(_ worker: WorkerContext) {
        switch timeout.reason {
        case .handshake, .conversation(.request, _), .conversation(.head, _):
            timeout.shorten(to: worker.now + Interval(worker.limits.firstRequest))
        case .conversation, .flushing, .lingering: break
        }
        conversation?.drain()
        turn(.read, worker)
    }

    /// The deadline is over.
    mutating func timeOut(_ worker: WorkerContext) {
        switch timeout.reason {
        case .handshake:
            if worker.service.isDraining {
                worker.logger.debug("\(address): the worker leaves before the handshake has ended")
            } else {
                worker.logger.notice("\(address): handshake took longer than \(worker.limits.handshake)")
            }
            phase = .closed
        case .lingering:
            phase = .closed
        case .flushing:
            worker.logger.info("\(address): client took no bytes for \(worker.limits.output)")
            lose(worker)
        case .conversation:
            conversation?.timeOut(worker)
            turn(.none, worker)
        }
    }

    /// The client takes nothing, and the memory is needed: what waits for it is dropped, in the kernel, too.
    mutating func cutStalled(_ worker: WorkerContext) {
        channel.resetWhenClosed()
        lose(worker)
    }

    /// The connection ends now, in whatever state. The client is told where it can be.
    mutating func cut(_ worker: WorkerContext) {
        if phase == .open, !channel.isPlain, !channel.isBlocked {
            channel.begin()
            channel.close(isTruncated: !isIdle)
            _ = try? channel.flush()
        }
        lose(worker)
    }

    // MARK: A turn

    /// Whether the client is still to take something.
    private var isOwedOutput: Bool {
        switch phase {
        case .open: !channel.hasShutOutput
        case .draining: true
        case .handshaking, .lingering, .closed: false
        }
    }

    /// Stages what an earlier turn left, or what the socket has; returns how many bytes have come.
    private mutating func receive(_ readiness: Readiness, _ worker: WorkerContext) throws -> Int {
        channel.begin()
        guard channel.mayReceive else { return 0 }
        guard interest == .read, readiness.contains(.read) || readiness.contains(.hangUp) else {
            if readiness.contains(.hangUp), !channel.hasShutOutput { throw HangUp() }
            return 0
        }
        let count = try channel.receive()
        if count > 0, phase == .handshaking, channel.becomesPlain() {
            worker.logger.notice("\(address): plain HTTP on a TLS port")
            open(worker.parts.redirects.spoken, nil, worker.parts.redirects.onTLSPort, worker)
        }
        return count
    }

    private mutating func move(_ worker: WorkerContext, _ sentByteCount: inout Int) throws {
        if phase == .handshaking { shakeHands(worker) }
        if let ending = try conversation?.serve(over: &channel, worker, &sentByteCount) { end(ending) }
        if waiting == .response, try channel.hasLostPeer() {
            worker.logger.debug("\(address): client left before its response")
            return lose(worker)
        }
        channel.keepUnread()
        sentByteCount += try flush(worker)
    }

    private mutating func shakeHands(_ worker: WorkerContext) {
        let isSilent = channel.isExhausted
        do throws(TLSError) {
            guard let session = try channel.handshake() else { return }
            if let certificate = session.clientCertificate {
                worker.logger.debug(
                    "\(address): client certificate \(certificate.subject), serial \(certificate.serialNumber)")
            }
            open(worker.parts.protocols.chosen(session.applicationProtocol), session, nil, worker)
        } catch {
            if isSilent {
                worker.logger.debug("\(address): client left during the handshake")
            } else {
                worker.logger.notice("\(address): \(error.handshakeSentence(channel.hello))")
            }
            // What OpenSSL wrote is the alert that tells the client why.
            phase = channel.isAtEnd ? .closed : .draining
        }
    }

    /// - Parameter responder: where responses come from; nil for the worker's.
    private mutating func open(
        _ spoken: ApplicationProtocol, _ session: TLSSession?, _ responder: (any Responder)?, _ worker: WorkerContext
    ) {
        let local = worker.parts.needsServerAddress ? channel.localAddress : nil
        conversation = Conversation(spoken.start(Peer(address, local: local, session), token, responder))
        phase = .open
    }
}

/// Both sides of the connection are closed: nobody takes what would be sent (POLLHUP).
private struct HangUp: Error, CustomStringConvertible {
    var description: String { "the client has hung up" }
}
