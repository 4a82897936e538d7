import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("Giving memory back")
struct HeapTrimmerTests {
    private static let mebibyte = 1024 * 1024
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    /// A heap in which so many bytes are free, some of them between others.
    private final class Heap {
        var freeByteCount: Int
        var stuckByteCount: Int
        private(set) var trimCount = 0

        init(free: Int, stuck: Int = 0) {
            (freeByteCount, stuckByteCount) = (free, stuck)
        }

        func run(_ trimmer: inout HeapTrimmer) {
            trimmer.run(
                freeByteCount: { self.freeByteCount },
                trim: {
                    self.freeByteCount = self.stuckByteCount
                    self.trimCount += 1
                })
        }
    }

    @Test("A worker where nothing happens is not woken, and one where much does is once a second")
    func time() {
        var trimmer = HeapTrimmer(freeByteCount: 0)
        #expect(trimmer.nextRun == .distantFuture)
        trimmer.notice(start)
        trimmer.notice(start + .milliseconds(500))
        #expect(trimmer.nextRun == start + .seconds(1))
        Heap(free: 0).run(&trimmer)
        #expect(trimmer.nextRun == .distantFuture)
    }

    @Test("The heap is trimmed when much of it is free, whoever freed it")
    func bytes() {
        var trimmer = HeapTrimmer(freeByteCount: Self.mebibyte)
        let heap = Heap(free: 5 * Self.mebibyte)
        heap.run(&trimmer)
        #expect(heap.trimCount == 0)
        heap.freeByteCount = 9 * Self.mebibyte
        heap.run(&trimmer)
        #expect(heap.trimCount == 1)
    }

    @Test("What cannot be given back is not tried again and again")
    func stuck() {
        var trimmer = HeapTrimmer(freeByteCount: 0)
        let heap = Heap(free: 30 * Self.mebibyte, stuck: 20 * Self.mebibyte)
        for _ in 0..<3 { heap.run(&trimmer) }
        #expect(heap.trimCount == 1)
        heap.freeByteCount = 29 * Self.mebibyte
        heap.run(&trimmer)
        #expect(heap.trimCount == 2)
        // It is in use again, and then free.
        heap.freeByteCount = 0
        heap.run(&trimmer)
        heap.freeByteCount = 9 * Self.mebibyte
        heap.run(&trimmer)
        #expect(heap.trimCount == 3)
    }

    @Test("The kernel and the allocator say how much is free")
    func measuring() {
        let before = ThisProcess.freeHeapByteCount
        // Below the size from which on an allocation has a mapping of its own.
        var blocks: [[UInt8]]? = (0..<400).map { _ in [UInt8](repeating: 1, count: 100 * 1024) }
        // Those that are last keep the others from being given back at once.
        let last = [UInt8](repeating: 1, count: 100 * 1024)
        #expect(blocks?.count == 400)
        blocks = nil
        #expect(ThisProcess.freeHeapByteCount - before > 20 * Self.mebibyte || !Self.isMemoryExact)
        #expect(last.count == 100 * 1024)
    }

    /// A sanitizer has an allocator of its own.
    private static var isMemoryExact: Bool {
        ["ASAN_OPTIONS", "TSAN_OPTIONS"].allSatisfy { ThisProcess.environment($0) == nil }
    }
}
