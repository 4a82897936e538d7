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
    /// Whether there are descriptors for one more.
    private let hasRoom: () -> Bool
    private var runningCount = 0
    private var queue: [Ticket] = []
    /// Before the queue: requests that have had their turn, and go on with another script.
    private var continued: [Ticket] = []
    private var isContinuing = false

    /// A script's pipes and its process, while it is being started.
    private static let descriptorCount = 8

    init(
        limit: Int, queueLimit: Int, hasRoom: @escaping () -> Bool = { OpenDescriptors.roomCount >= descriptorCount }
    ) {
        self.limit = limit
        self.queueLimit = queueLimit
        self.hasRoom = hasRoom
    }

    /// A place if there is one, or a position in the queue.
    func request() -> Admission {
        let hasRoom = hasRoom()
        // Where none runs, none will ever make room.
        guard hasRoom || runningCount > 0 else { return .full }
        if runningCount < limit, hasRoom {
            runningCount += 1
            return .place(Place(self))
        }
        // Without a descriptor to be woken by, nobody can wait.
        guard isContinuing || queue.count < queueLimit, let ticket = try? Ticket() else { return .full }
        if isContinuing { continued.append(ticket) } else { queue.append(ticket) }
        return .ticket(ticket)
    }

    /// Who asks for a place meanwhile goes on with another script, and gives up a place of its own: it is next, and not
    /// refused.
    func continuing<Result>(_ body: () -> Result) -> Result {
        isContinuing = true
        defer { isContinuing = false }
        return body()
    }

    /// Leaves the queue.
    func cancel(_ ticket: Ticket) {
        queue.removeAll { $0 === ticket }
        continued.removeAll { $0 === ticket }
        ticket.place = nil
    }

    private func giveNext() {
        if !continued.isEmpty {
            continued.removeFirst().give(Place(self))
        } else if !queue.isEmpty {
            queue.removeFirst().give(Place(self))
        } else {
            runningCount -= 1
        }
    }
}
