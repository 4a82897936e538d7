import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTLS

/// What is spoken on a channel, and how far it is.
struct Conversation: ~Copyable {
    private let spoken: any ProtocolConnection
    /// Plaintext that is not yet understood.
    private var input = ByteQueue()
    /// What it waited for when it last had its turn.
    private(set) var waiting = Waiting.request
    /// It knows that the client sends no more.
    private var isInputEnded = false
    /// The turn ended because its budget was spent.
    private(set) var isRunnable = false

    init(_ spoken: any ProtocolConnection) {
        self.spoken = spoken
    }

    var progress: ConnectionProgress { spoken.progress }
    /// Memory that is kept until the client takes what is sent, or what it has sent is wanted, in bytes.
    var keptByteCount: Int { input.capacity + spoken.keptByteCount }

    /// Whether what a client has sent is read: also for the end alone that may be behind it.
    func wantsInput(from channel: borrowing Channel) -> Bool {
        spoken.wantsInput || waiting == .response && input.count < Limits.inputByteCount && channel.mayHoldEnd
    }

    // MARK: What can happen

    func handle(_ event: ExchangeEvent, stream: UInt32) { spoken.handle(event, stream: stream) }
    func drain() { spoken.drain() }

    /// The connection goes no further.
    func abandon(_ worker: WorkerContext) { spoken.abandon(worker.service) }

    /// The time for what it waits for is over.
    func timeOut(_ worker: WorkerContext) { spoken.timeOut(waiting, &worker.output, worker.service) }

    /// Another turn begins.
    mutating func beginTurn() { isRunnable = false }

    /// Reads requests and writes responses until nothing moves or the budget is spent.
    ///
    /// - Parameter sentByteCount: is increased by what the socket has taken.
    /// - Returns: how it has ended, if it has.
    mutating func serve(
        over channel: inout Channel, _ worker: WorkerContext, _ sentByteCount: inout Int
    ) throws -> ConnectionEnding? {
        // While the connection has no plaintext of its own, it works in the worker's buffer.
        let isLent = input.isEmpty
        if isLent { swap(&input, &worker.input) }
        defer { if isLent { giveBack(worker) } else if input.isEmpty { input.releaseStorage() } }
        var budget = Limits.bytesPerTurn
        var turnEnd: MonotonicTime?
        while true {
            let mayHoldMore = try read(from: &channel)
            waiting = spoken.advance(&input, &worker.output, worker.service)
            try channel.write(from: &worker.output)
            if spoken.hasEndedOutput { channel.endOutput() }
            if let ending = spoken.ending { return complete(ending, channel) }
            if waiting == .output {
                // A full buffer of response: on its way before the next is made.
                let count = try channel.flush()
                sentByteCount += count
                budget -= count
                guard !channel.isBlocked else { return nil }
            } else if waiting == .turn {
                budget = 0
            } else if !(mayHoldMore && wantsInput(from: channel)) {
                return nil
            }
            // Most turns end above, so that the clock is read in few of them.
            let now = MonotonicTime.now
            if budget <= 0 || now >= turnEnd ?? .distantFuture {
                isRunnable = true
                return nil
            }
            if turnEnd == nil { turnEnd = now + Limits.timePerTurn }
        }
    }

    /// An end that the client asked for, and behind which it has sent something all the same, is not what it expects.
    private func complete(_ ending: ConnectionEnding, _ channel: borrowing Channel) -> ConnectionEnding {
        guard ending == .complete(isExpected: true) else { return ending }
        return .complete(isExpected: input.isEmpty && !channel.mayHoldMore)
    }

    /// Reads what has come as long as it is wanted and there is room; whether there may be more of it.
    private mutating func read(from channel: inout Channel) throws(TLSError) -> Bool {
        // Not wanted now, it may be in a moment; and so may the end be, of which the kernel will say nothing any more.
        guard wantsInput(from: channel) else { return channel.mayHoldMore || channel.isAtEnd && !isInputEnded }
        switch try channel.read(into: &input, limit: Limits.inputByteCount) {
        case .full: return true
        case .drained: return false
        case .ended:
            isInputEnded = true
            spoken.endInput()
            return false
        }
    }

    /// Returns the worker's buffer, and keeps what is left in it in one of its own.
    private mutating func giveBack(_ worker: WorkerContext) {
        swap(&input, &worker.input)
        if !worker.input.isEmpty {
            input.append(worker.input.readable)
            worker.input.removeAll()
        }
    }
}
