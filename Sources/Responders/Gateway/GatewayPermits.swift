import MartinetEvents
import MartinetHTTP

/// How many requests a gateway has at work at one time, and who is next: while requests of several addresses wait, first those
/// whose address has less than its share of the permits.
final class GatewayPermits {
    /// The right to have a request at work, given up when it is released.
    final class Permit {
        private let permits: GatewayPermits
        private let address: AddressBlock
        private var isEnding = false

        fileprivate init(_ permits: GatewayPermits, for address: AddressBlock) {
            self.permits = permits
            self.address = address
        }

        deinit {
            if isEnding { permits.endingCount -= 1 }
            permits.release(address)
        }

        /// What it is for is told to end, and somebody who waits will have it soon.
        func end() {
            guard !isEnding else { return }
            isEnding = true
            permits.endingCount += 1
        }
    }

    /// A position in the queue.
    final class QueueEntry {
        fileprivate let address: AddressBlock
        /// The permit, once there is one.
        fileprivate(set) var permit: Permit?
        /// Whether the position was given to a request of another address.
        fileprivate(set) var isLost = false
        private let waker: Waker

        fileprivate init(for address: AddressBlock, _ waker: Waker) {
            self.address = address
            self.waker = waker
        }

        /// Takes the permit; nil while there is none.
        func takePermit() -> Permit? {
            defer { permit = nil }
            return permit
        }

        fileprivate func give(_ permit: Permit) {
            self.permit = permit
            waker.wake()
        }

        fileprivate func lose() {
            isLost = true
            waker.wake()
        }
    }

    enum Admission {
        case permit(Permit)
        case entry(QueueEntry)
        case full
    }

    private let limit: Int
    private let queueLimit: Int
    private let hasRoom: () -> Bool
    private var runningCount = 0
    /// Permits by the address of who has them.
    private var held = AddressCounts()
    private var queue: [QueueEntry] = []
    private var queued = AddressCounts()
    /// Before the queue: requests that have had their turn, and go on at another address of the site.
    private var continued: [QueueEntry] = []
    /// Permits of those who were told to end.
    fileprivate var endingCount = 0

    /// - Parameter hasRoom: whether there are descriptors for one more.
    init(limit: Int, queueLimit: Int, hasRoom: @escaping () -> Bool = { true }) {
        self.limit = limit
        self.queueLimit = queueLimit
        self.hasRoom = hasRoom
    }

    /// Whether there are more requests that wait than permits that will be free soon.
    var hasWaiting: Bool { queue.count + continued.count > endingCount }

    /// The permits that one address may have while requests of others wait: a quarter.
    private var share: Int { max(1, limit / 4) }

    /// A permit if there is one, or a position in the queue.
    ///
    /// - Parameters:
    ///   - isContinuing: whether who asks goes on at another address, and gives up a permit of its own: it is next, and
    ///     not refused.
    ///   - waker: used when there is a permit, or the position was lost.
    func request(for address: AddressBlock, isContinuing: Bool = false, _ waker: Waker) -> Admission {
        let hasRoom = hasRoom()
        // Where none runs, none will ever make room.
        guard hasRoom || runningCount > 0 else { return .full }
        if runningCount < limit, hasRoom {
            runningCount += 1
            return .permit(makePermit(for: address))
        }
        var displaced: Int?
        if !isContinuing, queue.count >= queueLimit {
            displaced = displaceable(by: address)
            if displaced == nil { return .full }
        }
        let entry = QueueEntry(for: address, waker)
        if let displaced { remove(displaced).lose() }
        if isContinuing {
            continued.append(entry)
        } else {
            queue.append(entry)
            queued.add(1, to: address)
        }
        return .entry(entry)
    }

    /// Leaves the queue.
    func cancel(_ entry: QueueEntry) {
        if let index = queue.firstIndex(where: { $0 === entry }) { _ = remove(index) }
        continued.removeAll { $0 === entry }
        entry.permit = nil
    }

    private func makePermit(for address: AddressBlock) -> Permit {
        held.add(1, to: address)
        return Permit(self, for: address)
    }

    fileprivate func release(_ address: AddressBlock) {
        held.add(-1, to: address)
        if let next = takeNext() {
            next.give(makePermit(for: next.address))
        } else {
            runningCount -= 1
        }
    }

    private func takeNext() -> QueueEntry? {
        if !continued.isEmpty { return continued.removeFirst() }
        // Where all have their share and more, no permit is left free for that.
        let next =
            queue.firstIndex { held[$0.address] < share }
            ?? queue.indices.min { held[queue[$0].address] < held[queue[$1].address] }
        return next.map { remove($0) }
    }

    private func remove(_ index: Int) -> QueueEntry {
        let entry = queue.remove(at: index)
        queued.add(-1, to: entry.address)
        return entry
    }

    /// The newest position of the address that has the most in the queue, if it has more than the other would have.
    private func displaceable(by address: AddressBlock) -> Int? {
        guard let largest = queued.largest, largest.count > queued[address] + 1 else { return nil }
        return queue.lastIndex { $0.address == largest.address }
    }
}
