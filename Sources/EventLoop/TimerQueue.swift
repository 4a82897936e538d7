package import MartinetEvents
import MartinetPOSIX

/// Deadlines in order, each with the token of whom it is for.
///
/// A binary heap. Nothing is ever taken out but what is due: whoever is woken compares with the deadline it has by now,
/// and arms a later one again. That makes postponing, by far the commonest change, free.
package struct TimerQueue: ~Copyable {
    private struct Entry {
        let time: MonotonicTime
        let token: Token
    }

    private var heap: [Entry] = []

    package init() {}

    package var count: Int { heap.count }

    /// The earliest moment in the queue; nil when it is empty.
    package var next: MonotonicTime? { heap.first?.time }

    package mutating func arm(_ time: MonotonicTime, token: Token) {
        var position = heap.count
        heap.append(Entry(time: time, token: token))
        while position > 0 {
            let parent = (position - 1) / 2
            guard heap[position].time < heap[parent].time else { return }
            heap.swapAt(position, parent)
            position = parent
        }
    }

    /// Takes out one deadline that is over by `now`; nil when none is.
    package mutating func takeDue(_ now: MonotonicTime) -> (time: MonotonicTime, token: Token)? {
        guard let first = heap.first, first.time <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.token)
    }

    private mutating func sink() {
        var position = 0
        while true {
            var child = position * 2 + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1].time < heap[child].time { child += 1 }
            guard heap[child].time < heap[position].time else { return }
            heap.swapAt(position, child)
            position = child
        }
    }
}
