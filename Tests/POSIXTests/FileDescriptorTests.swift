import Glibc
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Descriptors")
struct FileDescriptorTests {
    @Test("A pipe that nobody reads any more is an error, though SIGPIPE ends this process")
    func brokenPipe() async {
        await #expect(processExitsWith: .success) {
            Signal.restoreDefaults([.pipe])
            for isBlocked in [false, true] {
                if isBlocked { try Signal.block([.pipe]) } else { try Signal.unblock([.pipe]) }
                let writing = try Pipe(isNonBlocking: true).takeWriting()
                let line = [UInt8]("line\n".utf8)
                do throws(SystemError) {
                    _ = try writing.write(line.span)
                    exit(2)
                } catch {
                    guard error == SystemError("write", code: EPIPE) else { exit(3) }
                }
                // The thread's mask is as it was, and the signal is nobody's any more.
                var mask = sigset_t(), pending = sigset_t()
                unsafe pthread_sigmask(SIG_BLOCK, nil, &mask)
                unsafe sigpending(&pending)
                guard unsafe (sigismember(&mask, SIGPIPE) == 1) == isBlocked else { exit(4) }
                guard unsafe sigismember(&pending, SIGPIPE) == 0 else { exit(5) }
            }
        }
    }

    @Test("A signal that waited for this thread before a pipe broke still waits")
    func waitingSignal() async {
        await #expect(processExitsWith: .success) {
            try Signal.block([.pipe])
            raise(SIGPIPE)
            let writing = try Pipe(isNonBlocking: true).takeWriting()
            let line = [UInt8]("line\n".utf8)
            _ = try? writing.write(line.span)
            var pending = sigset_t()
            unsafe sigpending(&pending)
            guard unsafe sigismember(&pending, SIGPIPE) == 1 else { exit(2) }
        }
    }

    @Test("A descriptor is closed when its owner goes, and not before")
    func closing() throws {
        // A pipe's reader sees its end when the last writer is closed.
        let pipe = try Pipe(isNonBlocking: true)
        let reading = try FileDescriptor.duplicate(pipe.reading.number)
        var bytes: [UInt8] = [0]
        var room = bytes.mutableSpan
        let before = try reading.read(into: &room)
        #expect(before == .wouldBlock)
        let number = drop(pipe)
        #expect(number >= 0)
        room = bytes.mutableSpan
        let after = try reading.read(into: &room)
        #expect(after == .endOfStream)
    }

    private func drop(_ pipe: consuming Pipe) -> CInt { pipe.writing.number }

    @Test("Who was given a file with > does not write over what a reopened standard stream has written")
    func sharing() throws {
        let folder = try TemporaryDirectory()
        let number = unsafe open(folder.path("log"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let shared = FileDescriptor(owning: number)
        _ = try shared.write([UInt8]("before\n".utf8).span)
        let reopened = try FileDescriptor.reopenedForAppending(shared.number)
        _ = try reopened.write([UInt8]("ours\n".utf8).span)
        _ = try shared.write([UInt8]("after\n".utf8).span)
        #expect(try folder.bytes("log") == [UInt8]("before\nours\nafter\n".utf8))
    }

    @Test("A number that is open goes on with another file, and is as close-on-exec as is asked for")
    func replacing() throws {
        let first = try Pipe(isNonBlocking: true), second = try Pipe(isNonBlocking: true)
        let number = first.writing.number
        try FileDescriptor.duplicate(second.writing.number).replace(number)
        #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)
        _ = try first.writing.write([UInt8]("new".utf8).span)
        var text: [UInt8] = [0, 0, 0, 0]
        var room = text.mutableSpan
        #expect(try second.reading.read(into: &room) == .bytes(3))
        #expect(text == Array("new".utf8) + [0])
        try FileDescriptor.duplicate(second.writing.number).replace(number, staysOpen: true)
        #expect(fcntl(number, F_GETFD) == 0)
    }

    @Test("The path of a file is known as long as the file is there")
    func path() throws {
        let folder = try TemporaryDirectory()
        let file = try FileDescriptor.openForAppending(folder.path + "/log")
        #expect(FileDescriptor.path(ofFile: file.number) == WholeFile.canonicalPath(folder.path + "/log"))
        unsafe unlink(folder.path + "/log")
        #expect(FileDescriptor.path(ofFile: file.number) == nil)
        let pipe = try Pipe(isNonBlocking: true)
        #expect(FileDescriptor.path(ofFile: pipe.writing.number) == nil)
    }

    @Test("A descriptor that was released is the caller's to close")
    func releasing() throws {
        let number = try FileDescriptor.open("/", for: .directory).release()
        #expect(fcntl(number, F_GETFD) >= 0)
        #expect(close(number) == 0)
    }

    @Test("A socket's peer that has shut its sending side ends the stream, and can still be written to")
    func halfClosed() throws {
        let pair = try SocketPair()
        let bytes = [UInt8]("last".utf8)
        _ = try pair.first.send(bytes.span)
        pair.first.shutdownSending()
        let text = try pair.second.receiveText()
        let end = try pair.second.receiveText()
        #expect(text == "last")
        #expect(end == "")
        let answer = try pair.second.send(bytes.span)
        #expect(answer == .bytes(4))
    }

    @Test("A full socket takes no more without waiting, whatever its mode")
    func full() throws {
        let pair = try SocketPair()
        let piece = [UInt8](repeating: 1, count: 65536)
        var taken = 0
        while case .bytes(let count) = try pair.first.writeWithoutWaiting(piece.span) { taken += count }
        #expect(taken > 0)
        try pair.first.setNonBlocking()
        let transfer = try pair.first.send(piece.span)
        #expect(transfer == .wouldBlock)
    }

    @Test("Writing to a peer that is gone is an error and no signal")
    func gone() throws {
        let pair = try SocketPair()
        let remaining = pair.takeFirst()
        let bytes: [UInt8] = [1]
        do {
            _ = try remaining.send(bytes.span)
            Issue.record("sent to nobody")
        } catch {
            #expect(error.code == EPIPE)
            #expect(error.description == "send: Broken pipe")
        }
    }

    @Test("Writing without waiting also writes to files and pipes")
    func notSocket() throws {
        let pipe = try Pipe(isNonBlocking: true)
        let bytes: [UInt8] = [1, 2, 3]
        let transfer = try pipe.writing.writeWithoutWaiting(bytes.span)
        #expect(transfer == .bytes(3))
    }

    @Test("Appending goes to the file's end, whoever else has written")
    func appending() throws {
        let folder = try TemporaryDirectory()
        let first = try FileDescriptor.openForAppending(folder.path("log"), mode: 0o600)
        let second = try FileDescriptor.openForAppending(folder.path("log"))
        let line = [UInt8]("a\n".utf8), other = [UInt8]("b\n".utf8)
        _ = try first.write(line.span)
        _ = try second.write(other.span)
        _ = try first.write(line.span)
        #expect(try WholeFile.read(folder.path("log")) == [UInt8]("a\nb\na\n".utf8))
    }

    @Test("A copy has a number of its own, as low as asked for and no lower")
    func duplicating() throws {
        let pipe = try Pipe(isNonBlocking: true)
        let copy = try FileDescriptor.duplicate(pipe.reading.number, numberedFrom: 100)
        #expect(copy.number >= 100)
    }

    @Test("A file's status changes when its content does")
    func status() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file", "12345")
        let file = try FileDescriptor.open(folder.path("file"), for: .reading)
        let status = try file.status()
        #expect(status.kind == .regular)
        #expect(status.byteCount == 5)
        #expect(try file.status() == status)
        try folder.makeFile("file", "123456")
        #expect(try file.status() != status)
    }

    @Test("Another file with the same content and times is told apart")
    func identity() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("a", "same")
        try folder.makeFile("b", "same")
        let first = try FileDescriptor.open(folder.path("a"), for: .reading).status()
        let second = try FileDescriptor.open(folder.path("b"), for: .reading).status()
        #expect(first != second)
    }
}
