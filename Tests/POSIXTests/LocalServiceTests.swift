import Glibc
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Services on Unix sockets", .timeLimit(.minutes(1)))
struct LocalServiceTests {
    /// A service that reads a line from the first who asks, and sends these pieces.
    private final class Service {
        let path: String
        private let folder: TemporaryDirectory
        private let threads: HelperThreads
        /// Kept, since what nobody waits for need not be done.
        private var work: Calculation<Void>?

        init(_ pieces: [String]) throws {
            folder = try TemporaryDirectory()
            path = folder.path("socket")
            threads = try HelperThreads(threadCount: 1, queueLimit: 1)
            let number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            try #require(number >= 0)
            var raw = sockaddr_un()
            raw.sun_family = sa_family_t(AF_UNIX)
            let bytes = [UInt8](path.utf8)
            try #require(bytes.count < 108)
            unsafe withUnsafeMutableBytes(of: &raw.sun_path) { unsafe $0.copyBytes(from: bytes) }
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            let result = unsafe withUnsafePointer(to: &raw) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(number, $0, length) }
            }
            try #require(result == 0 && listen(number, 1) == 0)
            work = threads.calculate {
                let client = accept(number, nil, nil)
                var byte: UInt8 = 0
                var question: [UInt8] = []
                while byte != UInt8(ascii: "\n"), unsafe read(client, &byte, 1) == 1 { question.append(byte) }
                if question == [UInt8]("a question\n".utf8) {
                    for piece in pieces {
                        let bytes = [UInt8](piece.utf8)
                        unsafe write(client, bytes, bytes.count)
                    }
                }
                close(client)
                close(number)
            }
        }
    }

    @Test(
        "The answer is one line, in however many pieces it comes, or there is none",
        arguments: [
            (["+ an answer\n"], "+ an answer"), (["+ an ", "answer", "\nmore\n"], "+ an answer"), (["\n"], ""),
            (["no end"], nil), ([], nil), ([String(repeating: "a", count: 4000) + "\n"], String?.none),
        ] as [([String], String?)])
    func answers(pieces: [String], expected: String?) throws {
        let service = try Service(pieces)
        #expect(LocalService.ask(service.path, "a question", within: .seconds(30)) == expected)
    }

    @Test("Nobody is there, or nobody answers: nothing is waited for beyond the time")
    func silence() throws {
        let folder = try TemporaryDirectory()
        #expect(LocalService.ask(folder.path("none"), "a question", within: .seconds(30)) == nil)
        try folder.makeSocket("left")
        #expect(LocalService.ask(folder.path("left"), "a question", within: .seconds(30)) == nil)
        let service = try Service(["never"])
        #expect(LocalService.ask(service.path, "a question", within: .zero) == nil)
        let long = "/" + String(repeating: "a", count: 200)
        #expect(LocalService.ask(long, "a question", within: .seconds(30)) == nil)
    }
}
