package import MartinetPOSIX

/// What a descriptor that workers inherit is for.
package enum InheritedRole: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The line to the supervisor, over which the worker hears which others there are.
    case control
    /// A socket that listens on an address.
    case listener(SocketAddress, isPlain: Bool)
    /// The file that a log is written to.
    case log(LogFile.Kind)
    /// A `SharedPermit`: what one of all the workers may have at a time.
    case permit

    package var description: String {
        switch self {
        case .control: "the line to the supervisor"
        case .listener(let address, let isPlain): "the socket for \(isPlain ? "HTTP" : "HTTPS") on \(address)"
        case .log(let kind): "the file of the \(kind) log"
        case .permit: "the permit that all workers share"
        }
    }
}

/// What a supervisor hands down to its workers: open descriptors, each by its role. It owns them, and closes them when it goes.
package struct Inheritance: ~Copyable {
    private struct Entry {
        let role: InheritedRole
        /// Whose it is; nil for every worker's.
        let worker: Int?
        let number: CInt
    }

    package let workerCount: Int
    private var entries: [Entry] = []

    package init(workerCount: Int) {
        self.workerCount = workerCount
    }

    deinit {
        for entry in entries { _ = FileDescriptor(owning: entry.number) }
    }

    /// Takes over a descriptor.
    ///
    /// - Parameter worker: who gets it; nil for every worker.
    package mutating func add(
        _ descriptor: consuming FileDescriptor, as role: InheritedRole, forWorker worker: Int? = nil
    ) {
        entries.append(Entry(role: role, worker: worker, number: descriptor.release()))
    }

    /// Closes what has such a role: workers that are started from now on do not get it.
    package mutating func close(where isOver: (InheritedRole) -> Bool) {
        for entry in entries where isOver(entry.role) { _ = FileDescriptor(owning: entry.number) }
        entries.removeAll { isOver($0.role) }
    }

    /// What a descriptor that every worker gets is open as here.
    package func number(of role: InheritedRole) -> CInt? {
        entries.first { $0.role == role && $0.worker == nil }?.number
    }

    /// The roles of what a worker gets behind its line to the supervisor, in this order.
    package var roles: [InheritedRole] {
        var roles: [InheritedRole] = []
        for entry in entries where entry.worker ?? 0 == 0 { roles.append(entry.role) }
        return roles
    }

    /// The same as they are open here; -1, which is never open, for what this worker lacks.
    func numbers(forWorker worker: Int) -> [CInt] {
        roles.map { role in
            entries.first { $0.role == role && $0.worker ?? worker == worker }?.number ?? -1
        }
    }
}

extension InheritedRole {
    var isListener: Bool {
        if case .listener = self { true } else { false }
    }
}
