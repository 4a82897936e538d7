import Logging
import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetHTTP1
import MartinetPOSIX
import MartinetTLS

/// One client's connection, from accept to close.
///
/// Whatever woke it, its turn is the same: finish sending, fill, advance, flush, until nothing moves or the turn's
/// budget is spent. What it waits for, and for how long, follows from its state afterwards.
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

    private let socket: FileDescriptor
    private let address: SocketAddress
    private let number: Int
    private var stream: TLSStream
    private let token: Token
    private var http: HTTP1Connection
    /// What `http` waited for when it was last given its turn.
    private var waiting = Waiting.request
    private(set) var phase = Phase.handshaking
    /// Plaintext that is not yet understood.
    private var input = ByteQueue()
    /// Ciphertext that is not yet decrypted, because what it holds is not yet wanted.
    private var unread = ByteQueue()
    /// Ciphertext that the socket did not take yet.
    private var unsent = ByteQueue()
    /// The peer speaks plain HTTP: what is staged is plaintext, and so is what is sent.
    private var isPlain = false
    private var hasReceived = false
    /// Our side of a tunnel has ended, and the peer is told when what waits has been sent.
    private var isEndingOutput = false
    private var hasShutSending = false
    /// The peer asked for the end and sends nothing more that matters.
    private var isEndExpected = false
    /// The peer has ended its stream, and all that it sent has been read.
    private var isSocketEnded = false
    /// The peer has ended its stream, as far as the kernel knows; some of what it sent may still have to be read.
    private var isPeerEndKnown = false
    /// It has been found out whether the peer that ended its stream has left.
    private var isPeerTried = false
    /// The turn ended because its budget was spent.
    private(set) var isRunnable = false

    private var timeout: ProgressDeadline
    /// When the client last took something, or had nothing to take.
    private(set) var lastTaken: MonotonicTime

    /// - Parameters:
    ///   - token: its own in the loop, whose streams are its exchanges.
    ///   - isPlain: whether the listener is one for plain HTTP.
    init(
        _ accepted: consuming AcceptedSocket, token: Token, number: Int, isPlain: Bool, _ worker: WorkerContext
    ) throws(TLSError) {
        let stream = try TLSStream(worker.parts.tls, over: worker.transport)
        address = accepted.peer
        socket = accepted.takeDescriptor()
        self.token = token
        http = HTTP1Connection(peer: .unknown, token: token)
        self.stream = stream
        self.number = number
        timeout = ProgressDeadline(worker.timeouts, now: worker.now)
        lastTaken = worker.now
        if isPlain { beginPlain(worker.parts.redirects.onPlainPort) }
    }

    var descriptor: CInt { socket.number }

    /// Whether the socket is to be polled: once both sides have ended it would be reported again and again, though what came
    /// last may not be wanted yet.
    var isWatched: Bool { !hasShutSending || phase != .open || interest != .none }

    /// What the connection waits for from its socket.
    var interest: Readiness {
        if phase == .closed { return .none }
        if !unsent.isEmpty { return .write }
        if isSocketEnded { return .none }
        return switch phase {
        case .handshaking, .lingering: .read
        case .open where wantsInput: .read
        // While something else is waited for, a client that ends its side is not read but still noticed: once, since the
        // kernel would say it again and again.
        case .open where waiting == .response: isPeerEndKnown ? .none : .peerEnd
        case .open, .draining, .closed: .none
        }
    }

    /// Memory that is kept until the client takes what is sent, or what it has sent is wanted, in bytes.
    var keptByteCount: Int { unsent.capacity + unread.capacity + input.capacity + http.keptByteCount }

    /// Whether the client has taken nothing of what waits for it since that moment.
    func isStalled(since time: MonotonicTime) -> Bool { !unsent.isEmpty && lastTaken <= time }

    /// Whether no request is in progress, so that it can be closed without harm.
    var isIdle: Bool { phase == .open && unsent.isEmpty && waiting == .request }

    private var wantsInput: Bool { http.wantsInput || looksForEnd }

    /// Whether what a client of TLS 1.2 has sent is read for the close_notify alone that may be behind it.
    private var looksForEnd: Bool {
        isPeerEndKnown && !isSocketEnded && phase == .open && !isPlain && !stream.endsOneSide && !stream.isClosedByPeer
            && waiting == .response && input.count < Limits.inputByteCount
    }

    // MARK: What can happen

    /// The socket is ready, or the connection was runnable.
    mutating func turn(_ readiness: Readiness, _ worker: WorkerContext) {
        isRunnable = false
        var sentByteCount = 0
        var receivedByteCount = 0
        do {
            // Nobody is there any more to take what would be worked out.
            if readiness.contains(.hangUp), phase == .open && !hasShutSending || phase == .draining {
                throw HangUp()
            }
            if readiness.contains(.peerEnd) { isPeerEndKnown = true }
            if !unsent.isEmpty { sentByteCount = try sendUnsent() }
            if phase == .lingering {
                try linger(worker)
            } else if unsent.isEmpty {
                receivedByteCount = try fill(readiness, worker)
                try move(worker, &sentByteCount)
            }
        } catch let error as TLSError {
            worker.logger.debug("\(address): connection ended: \(error)")
            sentByteCount += refuse(worker)
        } catch {
            // The peer reset the connection, or the network did.
            worker.logger.debug("\(address): connection lost: \(error)")
            lose(worker)
        }
        if sentByteCount > 0 || unsent.isEmpty { lastTaken = worker.now }
        let progress = ProgressDeadline.Progress(
            hasSent: sentByteCount > 0, hasReceived: receivedByteCount > 0,
            contentByteCount: http.progress.receivedByteCount)
        timeout.wait(for: reason, progress, worker.timeouts, now: worker.now)
    }

    /// Something has happened to an exchange, which hears of it even while the client takes nothing.
    mutating func handle(_ event: ExchangeEvent, stream: UInt32, _ worker: WorkerContext) {
        http.handle(event, stream: stream)
        turn(.none, worker)
    }

    /// The worker is about to leave.
    mutating func drain(_ worker: WorkerContext) {
        shortenDeadline(worker)
        http.drain()
        turn(.read, worker)
    }

    /// The worker is about to leave, and waits neither for handshakes nor for requests as long as otherwise.
    private mutating func shortenDeadline(_ worker: WorkerContext) {
        switch timeout.reason {
        case .handshake, .idle, .head: timeout.shorten(to: worker.now + Interval(worker.limits.firstRequest))
        case .content, .unreadContent, .response, .output, .lingering: break
        }
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
        case .output:
            worker.logger.info("\(address): client took no bytes for \(worker.limits.output)")
            lose(worker)
        case .idle, .head, .content, .unreadContent, .response:
            http.timeOut(waiting, &worker.output, worker.service)
            turn(.none, worker)
        }
    }

    /// The client takes nothing, and the memory is needed: what waits for it is dropped, in the kernel, too.
    mutating func cutStalled(_ worker: WorkerContext) {
        socket.resetWhenClosed()
        lose(worker)
    }

    /// The connection ends now, in whatever state. The client is told where it can be.
    mutating func cut(_ worker: WorkerContext) {
        if phase == .open, !isPlain, unsent.isEmpty {
            worker.transport.begin(with: &unread, isAtEnd: isSocketEnded)
            if isIdle { stream.close() } else { stream.abort() }
            _ = try? worker.transport.send(to: socket, keeping: &unsent)
        }
        lose(worker)
    }

    // MARK: Moving bytes

    /// Stages what an earlier turn left, or what the socket has.
    private mutating func fill(_ readiness: Readiness, _ worker: WorkerContext) throws -> Int {
        worker.transport.begin(with: &unread, isAtEnd: isSocketEnded)
        guard worker.transport.stagedByteCount == 0, !isSocketEnded else { return 0 }
        guard interest == .read, readiness.contains(.read) || readiness.contains(.hangUp) else {
            if readiness.contains(.hangUp), !hasShutSending { throw HangUp() }
            return 0
        }
        switch try worker.transport.receive(from: socket) {
        case .bytes(let count):
            recognisePlainHTTP(worker)
            return count
        case .wouldBlock: return 0
        case .endOfStream:
            isSocketEnded = true
            isPeerEndKnown = true
            return 0
        }
    }

    /// A TLS stream begins with a record type, below 32; an HTTP request with the first letter of its method.
    private mutating func recognisePlainHTTP(_ worker: WorkerContext) {
        defer { hasReceived = true }
        guard !hasReceived, phase == .handshaking, let first = worker.transport.firstStagedByte,
            UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first
        else { return }
        worker.logger.notice("\(address): plain HTTP on a TLS port")
        beginPlain(worker.parts.redirects.onTLSPort)
    }

    private mutating func beginPlain(_ responder: any Responder) {
        isPlain = true
        phase = .open
        http = HTTP1Connection(
            peer: Peer(address: address.hostText, port: address.port, addressBlock: AddressBlock(address)),
            token: token, responder: responder)
    }

    private mutating func move(_ worker: WorkerContext, _ sentByteCount: inout Int) throws {
        if phase == .handshaking { advanceHandshake(worker) }
        if phase == .open { try serve(worker, &sentByteCount) }
        if phase == .open, waiting == .response, try hasLeft() {
            worker.logger.debug("\(address): client left before its response")
            return lose(worker)
        }
        worker.transport.keepUnread(in: &unread)
        sentByteCount += try flush(worker)
    }

    /// Sends what has gathered; returns how many bytes the socket took.
    private mutating func flush(_ worker: WorkerContext) throws(SystemError) -> Int {
        let count = try worker.transport.send(to: socket, keeping: &unsent)
        if phase == .draining, unsent.isEmpty { try beginLingering(worker) }
        shutSendingIfDone()
        return count
    }

    /// Whether a client that has ended its side, while a response is awaited, will not take it.
    ///
    /// Mostly it will (RFC 9112 §9.6, RFC 8446 §6.1), unless it has gone: then its kernel answers with a reset whatever it is
    /// sent now. In TLS 1.2 its close_notify ends both sides (RFC 5246 §7.2.1).
    private mutating func hasLeft() throws(TLSError) -> Bool {
        if isPlain { return false }
        if !stream.endsOneSide { return stream.isClosedByPeer }
        if isPeerEndKnown, !isPeerTried {
            isPeerTried = true
            _ = try stream.sendTicket()
        }
        return false
    }

    private mutating func sendUnsent() throws(SystemError) -> Int {
        guard case .bytes(let count) = try socket.send(unsent.readable) else { return 0 }
        unsent.consume(count)
        if unsent.isEmpty { unsent.releaseStorage() }
        shutSendingIfDone()
        return count
    }

    private mutating func advanceHandshake(_ worker: WorkerContext) {
        let isSilent = isSocketEnded && worker.transport.stagedByteCount == 0
        do throws(TLSError) {
            guard case .done = try stream.handshake() else { return }
            phase = .open
            let session = stream.session
            let local = worker.needsServerAddress ? socket.localAddress : nil
            http = HTTP1Connection(
                peer: Peer(
                    address: address.hostText, port: address.port, addressBlock: AddressBlock(address),
                    connectionNumber: number,
                    protocolVersion: session.protocolVersion, cipher: session.cipher, isResumed: session.isResumed,
                    serverName: session.serverName,
                    serverAddress: local?.hostText, serverPort: local?.port ?? 0,
                    clientCertificate: session.clientCertificate.map { ClientCertificate($0) }), token: token)
            if let certificate = session.clientCertificate {
                worker.logger.debug(
                    "\(address): client certificate \(certificate.subject), serial \(certificate.serialNumber)")
            }
        } catch {
            report(error, isSilent: isSilent, worker)
            // What OpenSSL wrote is the alert that tells the client why.
            phase = isSocketEnded ? .closed : .draining
        }
    }

    /// One line for each failed handshake, that a person can act on.
    private func report(_ error: TLSError, isSilent: Bool, _ worker: WorkerContext) {
        if isSilent {
            worker.logger.debug("\(address): client left during the handshake")
            return
        }
        var facts: [String] = []
        if let name = stream.serverName { facts.append("server name \(name)") }
        if let versions = stream.offeredVersions?.description, !versions.isEmpty {
            facts.append("supported versions \(versions)")
        }
        let context = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
        let explanation = HandshakeFailure(error).map { ": \($0.sentence)" } ?? ""
        worker.logger.notice("\(address): handshake failed\(context): \(error.reason)\(explanation)")
    }

    /// Reads requests and writes responses until nothing moves or the budget is spent.
    private mutating func serve(_ worker: WorkerContext, _ sentByteCount: inout Int) throws {
        // While the connection has no plaintext of its own, it works in the worker's buffer.
        let isLent = input.isEmpty
        if isLent { swap(&input, &worker.input) }
        defer { if isLent { giveBack(worker) } else if input.isEmpty { input.releaseStorage() } }
        var budget = Limits.bytesPerTurn
        var turnEnd: MonotonicTime?
        while true {
            let mayHoldMore = try decrypt(worker)
            waiting = http.advance(&input, &worker.output, worker.service)
            try encrypt(worker)
            if http.hasEndedOutput, !isEndingOutput { endOutput() }
            if let ending = http.ending {
                isEndExpected = ending == .complete(isExpected: true) && input.isEmpty
                end(isTruncated: ending == .truncated)
                return
            }
            if waiting == .output {
                // A full buffer of response: on its way before the next is made.
                let count = try worker.transport.send(to: socket, keeping: &unsent)
                sentByteCount += count
                budget -= count
                guard unsent.isEmpty else { return }
            } else if waiting == .turn {
                budget = 0
            } else if !(mayHoldMore && wantsInput) {
                return
            }
            // Most turns end above, so that the clock is read in few of them.
            let now = MonotonicTime.now
            if budget <= 0 || now >= turnEnd ?? .distantFuture {
                isRunnable = true
                return
            }
            if turnEnd == nil { turnEnd = now + Limits.timePerTurn }
        }
    }

    private mutating func encrypt(_ worker: WorkerContext) throws(TLSError) {
        guard isPlain else { return try stream.write(from: &worker.output) }
        worker.transport.gatherPlain(worker.output.readable)
        worker.output.removeAll()
    }

    /// Decrypts what is staged as long as it is wanted and there is room; whether there may be more of it.
    private mutating func decrypt(_ worker: WorkerContext) throws(TLSError) -> Bool {
        if isPlain {
            worker.transport.takePlain(into: &input, atMost: Limits.inputByteCount - input.count)
            if isSocketEnded { http.endInput() }
            return worker.transport.stagedByteCount > 0
        }
        while wantsInput {
            guard input.count < Limits.inputByteCount else { return true }
            // Asking OpenSSL for nothing is not free.
            if worker.transport.stagedByteCount == 0, !isSocketEnded, !stream.hasPending { return false }
            switch try stream.read(into: &input, atMost: min(16 * 1024, Limits.inputByteCount - input.count)) {
            case .done: continue
            case .wantsRead: return false
            case .endOfStream:
                http.endInput()
                return false
            }
        }
        // Not wanted now, it may be in a moment. What OpenSSL has may be a part of a record, which only more will complete:
        // that it has something says that it is to be asked, not that it will give.
        return worker.transport.stagedByteCount > 0 || stream.hasPending
    }

    /// Returns the worker's buffer, and keeps what is left in it in one of its own.
    private mutating func giveBack(_ worker: WorkerContext) {
        swap(&input, &worker.input)
        if !worker.input.isEmpty {
            input.append(worker.input.readable)
            worker.input.removeAll()
        }
    }

    // MARK: Ending

    /// Nothing more goes to the peer through a tunnel, who may still send (RFC 8446 §6.1).
    private mutating func endOutput() {
        isEndingOutput = true
        if !isPlain { stream.close() }
    }

    private mutating func shutSendingIfDone() {
        guard isEndingOutput, !hasShutSending, unsent.isEmpty, phase == .open else { return }
        hasShutSending = true
        socket.shutdownSending()
    }

    /// Nothing more will be said: closes our side of the TLS stream, so that the peer knows whether what it has is complete.
    private mutating func end(isTruncated: Bool) {
        if !isPlain { if isTruncated { stream.abort() } else { stream.close() } }
        phase = .draining
    }

    /// The TLS stream cannot go on: what OpenSSL wrote last is the alert that tells the client why (RFC 8446 §6.2).
    ///
    /// - Returns: how many bytes the socket took.
    private mutating func refuse(_ worker: WorkerContext) -> Int {
        worker.output.removeAll()
        http.abandon(worker.service)
        isEndExpected = false
        phase = .draining
        do throws(SystemError) {
            return try flush(worker)
        } catch {
            lose(worker)
            return 0
        }
    }

    /// RFC 9112 §9.6: closing while the peer still sends would destroy what it has not read yet.
    private mutating func beginLingering(_ worker: WorkerContext) throws(SystemError) {
        if isSocketEnded {
            phase = .closed
            return
        }
        phase = .lingering
        unread.releaseStorage()
        input.releaseStorage()
        if isEndExpected {
            // Nothing that matters is to come. What has come, such as a close_notify, is read nevertheless: the kernel answers
            // a close before that with a reset.
            try linger(worker)
            phase = .closed
        } else {
            socket.shutdownSending()
        }
    }

    /// Drops what the peer still sends, until it ends its side too.
    private mutating func linger(_ worker: WorkerContext) throws(SystemError) {
        // What the peer sends last, its close_notify and its end, mostly comes together.
        for _ in 0..<2 {
            worker.transport.begin(with: &unread, isAtEnd: false)
            switch try worker.transport.receive(from: socket) {
            case .bytes: continue
            case .wouldBlock: return
            case .endOfStream:
                phase = .closed
                return
            }
        }
    }

    private mutating func lose(_ worker: WorkerContext) {
        worker.transport.discardGathered()
        worker.output.removeAll()
        http.abandon(worker.service)
        phase = .closed
    }

    // MARK: Deadlines

    private var reason: ProgressDeadline.Reason {
        if !unsent.isEmpty || isRunnable && phase == .open { return .output }
        switch phase {
        case .handshaking: return .handshake
        case .draining: return .output
        case .lingering, .closed: return .lingering
        case .open: break
        }
        let count = http.progress.exchangeCount
        return switch waiting {
        case .request: .idle(count)
        case .head: .head(count)
        case .content: .content(count)
        case .unreadContent: .unreadContent(count)
        case .response, .tunnel: .response
        case .output, .turn: .output
        }
    }

    /// Until when the connection may wait. Exchanges have deadlines of their own.
    var deadline: MonotonicTime { timeout.deadline }
}

/// Both sides of the connection are closed: nobody takes what would be sent (POLLHUP).
private struct HangUp: Error, CustomStringConvertible {
    var description: String { "the client has hung up" }
}
