import MartinetBytes
import MartinetTestSupport
import Testing

@Suite("Queues of bytes")
struct ByteQueueTests {
    @Test("Bytes come out in the order they went in")
    func order() {
        var queue = ByteQueue()
        queue.append("abc")
        queue.append([1, 2])
        queue.append(byte: 9)
        #expect(queue.count == 6)
        #expect([UInt8](copying: queue.readable) == [97, 98, 99, 1, 2, 9])
        queue.consume(2)
        #expect([UInt8](copying: queue.readable) == [99, 1, 2, 9])
    }

    @Test("An empty queue owns no memory until it is written to, nor once it has given it back")
    func storage() {
        var queue = ByteQueue()
        #expect(queue.isEmpty == true)
        #expect(queue.capacity == 0)
        queue.append("x")
        #expect(queue.isEmpty == false)
        #expect(queue.capacity > 0)
        queue.releaseStorage()
        #expect(queue.count == 0)
        #expect(queue.capacity == 0)
        queue.append("again")
        #expect(String(decoding: queue.readable) == "again")
    }

    @Test("A line is its name, a colon and a space, its value and its end", arguments: [0, 1, 7, 512, 1000])
    func lines(waitingCount: Int) {
        let waiting = String(repeating: "w", count: waitingCount)
        let long = String(repeating: "x", count: 2000)
        for (name, value) in [("Name", "value"), ("", ""), ("N", ""), ("", "v"), ("L", long)] {
            var queue = ByteQueue()
            queue.append(text: waiting)
            queue.append(line: [UInt8](name.utf8).span, [UInt8](value.utf8).span)
            queue.append("end")
            #expect(String(decoding: queue.readable) == waiting + "\(name): \(value)\r\nend")
        }
    }

    @Test("Nothing that is appended needs no memory either")
    func appendingNothing() {
        var queue = ByteQueue()
        queue.append([UInt8]())
        #expect(queue.capacity == 0)
    }

    @Test("Consuming the last byte makes the whole storage room again")
    func consumingAll() {
        var queue = ByteQueue(capacity: 8)
        queue.append("12345678")
        queue.consume(8)
        let room = queue.room(atLeast: 0).count
        #expect(room == 8)
        #expect(queue.capacity == 8)
    }

    @Test("Dropping everything keeps the storage")
    func removingAll() {
        var queue = ByteQueue(capacity: 8)
        queue.append("12345")
        queue.removeAll()
        #expect(queue.count == 0)
        #expect(queue.capacity == 8)
    }

    @Test("Room is made by moving what waits before the storage grows")
    func moving() {
        var queue = ByteQueue(capacity: 8)
        queue.append("12345678")
        queue.consume(5)
        let room = queue.room(atLeast: 5).count
        #expect(room == 5)
        #expect(queue.capacity == 8)
        #expect(String(decoding: queue.readable) == "678")
    }

    @Test("Growing keeps what waits")
    func growing() {
        var queue = ByteQueue(capacity: 4)
        queue.append("1234")
        queue.consume(1)
        queue.append(text: String(repeating: "x", count: 2000))
        #expect(queue.capacity >= 2003)
        #expect(String(decoding: queue.readable) == "234" + String(repeating: "x", count: 2000))
    }

    @Test("What is written into the room counts only once it is committed")
    func committing() {
        var queue = ByteQueue(capacity: 16)
        queue.append("ab")
        var room = queue.room(atLeast: 3)
        room[0] = UInt8(ascii: "c")
        room[1] = UInt8(ascii: "d")
        #expect(queue.count == 2)
        queue.commit(2)
        #expect(String(decoding: queue.readable) == "abcd")
    }

    @Test("Bytes in the queue can be written over, counted from its front")
    func overwriting() {
        var queue = ByteQueue()
        queue.append("xx0000yy")
        queue.consume(2)
        let new: [UInt8] = [1, 2, 3]
        queue.overwrite(at: 1, with: new.span)
        #expect([UInt8](copying: queue.readable) == [48, 1, 2, 3, 121, 121])
        let nothing: [UInt8] = []
        queue.overwrite(at: 6, with: nothing.span)
        #expect(queue.count == 6)
    }

    @Test("A queue behaves as a list does, whatever is appended and consumed")
    func againstAList() {
        var queue = ByteQueue()
        var list: [UInt8] = []
        var random = SeededGenerator(seed: 7)
        var next: UInt8 = 0
        for _ in 0..<2000 {
            if Bool.random(using: &random) {
                let piece = (0..<Int.random(in: 0...700, using: &random)).map { _ -> UInt8 in
                    next &+= 1
                    return next
                }
                queue.append(piece)
                list += piece
            } else {
                let count = Int.random(in: 0...list.count, using: &random)
                queue.consume(count)
                list.removeFirst(count)
            }
            #expect(queue.count == list.count)
            let isSame = queue.readable.isEqual(to: list.span)
            #expect(isSame)
        }
    }

    @Test("Using more bytes than there are stops the program")
    func preconditions() async {
        await #expect(processExitsWith: .failure) {
            var queue = ByteQueue()
            queue.append("ab")
            queue.consume(3)
        }
        await #expect(processExitsWith: .failure) {
            var queue = ByteQueue(capacity: 4)
            queue.commit(5)
        }
        await #expect(processExitsWith: .failure) {
            var queue = ByteQueue()
            queue.append("abcd")
            queue.consume(1)
            let new: [UInt8] = [1, 2]
            queue.overwrite(at: 2, with: new.span)
        }
    }
}
