package import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// Hands memory that was freed back to the system: the allocator keeps what a crowd of connections needed.
///
/// It goes by bytes, not by connections, since one may have needed megabytes and another nothing.
struct HeapTrimmer {
    /// So many bytes are worth a call, which looks at the whole heap.
    static let leastByteCount = 8 * 1024 * 1024
    static let interval = Interval.seconds(1)

    /// When it is to be run; the distant future where nothing has happened since it was.
    private(set) var nextRun = MonotonicTime.distantFuture
    /// The free bytes that the system did not get back the last time: between others that are in use.
    private var leftFreeByteCount: Int

    /// - Parameter freeByteCount: see `run`.
    init(freeByteCount: Int) {
        leftFreeByteCount = freeByteCount
    }

    /// Something has happened that may have freed memory.
    mutating func notice(_ now: MonotonicTime) {
        if nextRun == .distantFuture { nextRun = now + Self.interval }
    }

    /// Trims the heap if enough is free.
    ///
    /// - Parameters:
    ///   - freeByteCount: the bytes that the process occupies and that nothing in it uses.
    ///   - trim: hands them back as far as that is possible.
    mutating func run(freeByteCount: () -> Int, trim: () -> Void) {
        nextRun = .distantFuture
        let count = freeByteCount()
        guard count - leftFreeByteCount >= Self.leastByteCount else {
            leftFreeByteCount = min(leftFreeByteCount, count)
            return
        }
        trim()
        leftFreeByteCount = freeByteCount()
    }
}

/// Has a loop trim the heap of its process a while after something has happened.
package final class HeapWatch: LoopMember {
    private let freeByteCount: () -> Int
    private let trim: () -> Void
    private var trimmer: HeapTrimmer
    private var place: LoopPlace?

    /// - Parameters: see `HeapTrimmer.run`.
    package init(freeByteCount: @escaping () -> Int, trim: @escaping () -> Void) {
        self.freeByteCount = freeByteCount
        self.trim = trim
        trimmer = HeapTrimmer(freeByteCount: freeByteCount())
    }

    /// Something has happened that may have freed memory.
    func notice() {
        guard trimmer.nextRun == .distantFuture, let place else { return }
        trimmer.notice(place.now)
        place.setDeadline(trimmer.nextRun)
    }

    package func join(_ place: LoopPlace) { self.place = place }

    package func handle(_ event: LoopEvent) {
        if case .deadline = event { trimmer.run(freeByteCount: freeByteCount, trim: trim) }
    }

    package let isBusy = false
}
