package import MartinetPOSIX

/// What a worker has inherited from its supervisor: each descriptor is taken once, by its role. What nobody has taken is closed
/// when this goes.
package struct InheritedDescriptors: ~Copyable {
    /// Why the worker cannot have what it needs.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// It was not handed down, or was taken before.
        case missing(InheritedRole)
        /// The number is open on nothing, or on something else.
        case isSomethingElse(InheritedRole)

        package var description: String {
            switch self {
            case .missing(let role): "the supervisor has not handed down \(role)"
            case .isSomethingElse(let role): "what the supervisor has handed down is not \(role)"
            }
        }
    }

    /// The supervisor's line, which is needed to hear of the others, has the first number behind the standard streams.
    package static let controlNumber: CInt = 3

    private var entries: [(role: InheritedRole, number: CInt)]

    /// - Parameter control: what the line to the supervisor is open as.
    package init(control: CInt = controlNumber) {
        entries = [(.control, control)]
    }

    deinit {
        for entry in entries { _ = FileDescriptor(owning: entry.number) }
    }

    /// Takes over what comes behind the supervisor's line.
    ///
    /// - Parameters:
    ///   - roles: as `Inheritance.roles` has them.
    ///   - first: the first one's number.
    package mutating func add(_ roles: [InheritedRole], from first: CInt = controlNumber + 1) {
        for (number, role) in zip(first..., roles) { entries.append((role, number)) }
    }

    package func has(_ role: InheritedRole) -> Bool { entries.contains { $0.role == role } }

    /// Takes what has this role.
    package mutating func take(_ role: InheritedRole) throws(Failure) -> FileDescriptor {
        guard let index = entries.firstIndex(where: { $0.role == role }) else { throw .missing(role) }
        let descriptor = FileDescriptor(owning: entries.remove(at: index).number)
        guard descriptor.isOpen else {
            // Closing it could close what somebody opens meanwhile.
            _ = descriptor.release()
            throw .isSomethingElse(role)
        }
        return descriptor
    }

    /// Takes the sockets to accept connections from.
    package mutating func takeListeners() throws(Failure) -> [Listener] {
        var listeners: [Listener] = []
        for role in entries.map(\.role) {
            guard case .listener(let address, let isPlain) = role else { continue }
            let descriptor = try take(role)
            guard let socket = try? ListeningSocket(inheriting: descriptor), socket.address == address else {
                throw .isSomethingElse(role)
            }
            listeners.append(Listener(socket, isPlain: isPlain))
        }
        return listeners
    }
}
