import CMartinetLinux
package import MartinetEvents

/// A service of this machine on a Unix socket that answers a line with a line.
package enum LocalService {
    /// No answer that is of use is longer.
    private static let answerLimit = 1024

    /// The first line of the answer, without its end; nil where nobody is there, or does not answer in time.
    ///
    /// - Parameter question: a line without its end.
    package static func ask(_ path: String, _ question: String, within time: Interval) -> String? {
        let number = unsafe clinux_connect_local(path)
        guard number >= 0 else { return nil }
        let socket = FileDescriptor(owning: number)
        // A question is short: the socket takes all of it, or something is wrong.
        let line = [UInt8]("\(question)\n".utf8)
        guard case .bytes(line.count) = try? socket.send(line.span) else { return nil }
        let deadline = MonotonicTime.now + time
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: answerLimit)
        while !answer.contains(UInt8(ascii: "\n")) {
            let left = deadline - .now
            guard left > .zero, answer.count < answerLimit, wait(for: socket, left) else { return nil }
            var room = piece.mutableSpan
            switch try? socket.read(into: &room) {
            case .bytes(let count): answer += piece.prefix(count)
            case .wouldBlock: continue
            case .endOfStream, nil: return nil
            }
        }
        return String(decoding: answer.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static func wait(for socket: borrowing FileDescriptor, _ time: Interval) -> Bool {
        var entries = [PollEntry(descriptor: socket.number, interest: .read)]
        var table = entries.mutableSpan
        // A signal is no reason to give up: the time is looked at again.
        return (try? PollEntry.poll(&table, timeout: time)) != nil
    }
}
