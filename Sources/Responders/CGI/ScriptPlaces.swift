import POSIX

/// How many scripts run at one time, and who is next.
final class ScriptPlaces {
    /// The right to run a script, given up when it is released.
    final class Place {
        private let places: ScriptPlaces

        fileprivate init(_ places: ScriptPlaces) {
            self.places = places
        }

        deinit {
            places.giveNext()
        }
    }

    /// A position in the queue.
    final class Ticket {
        /// The place, once there is one.
        fileprivate(set) var place: Place?
        private let wakeup: Wakeup

        fileprivate init() throws(SystemError) {
            wakeup = try Wakeup()
        }

        /// Readable when there is a place.
        var descriptor: CInt { wakeup.descriptor }

        /// Takes the place; nil while there is none.
        func takePlace() -> Place? {
            defer { place = nil }
            return place
        }

        fileprivate func give(_ place: Place) {
            self.place = place
            wakeup.signal()
        }
    }

    enum Admission {
        case place(Place)
        case ticket(Ticket)
        case full
    }

    private let limit: Int
    private let queueLimit: Int
    private var runningCount = 0
    private var queue: [Ticket] = []

    init(limit: Int, queueLimit: Int) {
        self.limit = limit
        self.queueLimit = queueLimit
    }

    /// A place if there is one, or a position in the queue.
    ///
    /// - Parameter isContinued: whether the request has had its turn, and goes on with another script: it is next then,
    ///   since the place it gives up is its own.
    func request(isContinued: Bool = false) -> Admission {
        if runningCount < limit {
            runningCount += 1
            return .place(Place(self))
        }
        // Without a descriptor to be woken by, nobody can wait.
        guard isContinued || queue.count < queueLimit, let ticket = try? Ticket() else { return .full }
        queue.insert(ticket, at: isContinued ? 0 : queue.count)
        return .ticket(ticket)
    }

    /// Leaves the queue.
    func cancel(_ ticket: Ticket) {
        queue.removeAll { $0 === ticket }
        ticket.place = nil
    }

    private func giveNext() {
        guard !queue.isEmpty else {
            runningCount -= 1
            return
        }
        queue.removeFirst().give(Place(self))
    }
}
