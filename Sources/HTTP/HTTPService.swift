package import MartinetEvents

/// What the connections of a worker share: where responses come from, and what must not be made anew for each request.
package final class HTTPService {
    package var responder: any Responder
    package let journal: any ExchangeJournal
    /// What the clocks said when the current turn began; set by the worker.
    package var moment = Moment()
    package let loop: any ExchangeLoop
    /// Set when the worker is about to leave: no connection then goes on for longer than what is in progress on it.
    package var isDraining = false
    /// The head that is being read. One for all: an exchange that outlasts its turn keeps a copy.
    package var request = Request()

    /// A moment in the forms that connections need it in.
    package struct Moment {
        package var now = MonotonicTime.start
        /// The time of day, in whole seconds.
        package var date = WallTime(seconds: 0)
        /// The same as the value of `Date`.
        package var dateText: [UInt8] = []

        package init() {}
    }

    /// A response is produced while fewer than this many bytes wait to be encrypted: seven records of 16 KiB.
    ///
    /// The kernel sends segments of up to 64 KiB. Eight records with what encryption adds are a little more than two of
    /// them, and the third, of a few hundred bytes, costs nearly as much as each of these: a quarter of large files' speed.
    package static let outputByteCount = 112 * 1024

    package init(responder: any Responder, journal: any ExchangeJournal, loop: any ExchangeLoop) {
        self.responder = responder
        self.journal = journal
        self.loop = loop
    }
}

/// Where finished exchanges are recorded: the access log, the counters.
package protocol ExchangeJournal: AnyObject {
    /// An exchange is over.
    ///
    /// - Parameters:
    ///   - user: the name of the user it was for; nil where nobody has logged in.
    ///   - contentByteCount: the response's content as far as it was sent, without framing.
    ///   - isComplete: false when the response was cut short.
    func record(
        _ request: borrowing Request, peer: Peer, user: [UInt8]?, status: StatusCode, contentByteCount: Int,
        isComplete: Bool)
    /// What came could not be read as a request, and was answered with an error.
    func recordUnreadable(peer: Peer, status: StatusCode, contentByteCount: Int)
    /// A message broke the rules, or was late: why, and the status it was answered with unless its response had begun.
    ///
    /// - Parameter request: nil where none could be read.
    func recordRefusal(_ status: StatusCode, _ reason: String, _ request: Request?, peer: Peer)
    /// Something went wrong that the operator should know of.
    func report(_ problem: String, _ request: borrowing Request, peer: Peer)
}
