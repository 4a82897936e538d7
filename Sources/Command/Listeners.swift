import MartinetPOSIX
import MartinetServer

/// Opens the listening sockets that workers inherit: for each address one for each worker, all sharing its port (SO_REUSEPORT).
struct Listeners {
    /// What is listened on, with the ports that were really taken.
    private(set) var addresses: [SocketAddress] = []
    private let isPlain: Bool

    /// How many ports after the default are tried when it is taken.
    private static let portAttempts = 100
    static let defaultPort: UInt16 = 8443

    /// Opens exactly these addresses.
    ///
    /// - Parameters:
    ///   - wanted: in groups, each of one name; where the kernel chooses a group's port, it is one for all of it.
    ///   - isPlain: whether they are for plain HTTP.
    ///   - inheritance: gets the sockets.
    /// - Throws: `RuntimeFailure` that names the address.
    init(_ wanted: [[SocketAddress]], isPlain: Bool, into inheritance: inout Inheritance) throws {
        self.isPlain = isPlain
        for group in wanted {
            var chosenPort: UInt16?
            for address in group {
                let address = address.port == 0 ? address.with(port: chosenPort ?? 0) : address
                do {
                    try open(address, into: &inheritance)
                } catch let error as SystemError {
                    throw RuntimeFailure(description: Self.explain(error, address))
                }
                chosenPort = addresses.last?.port
            }
        }
    }

    /// Where a server listens that is given a port alone.
    enum Reach {
        case loopback, everyInterface

        fileprivate func address(isIPv6: Bool, port: UInt16) -> SocketAddress {
            switch self {
            case .loopback: isIPv6 ? .loopback6(port: port) : .loopback4(port: port)
            case .everyInterface: isIPv6 ? .any6(port: port) : .any4(port: port)
            }
        }
    }

    /// Opens the loopback addresses, or all, of both families on one port.
    ///
    /// - Parameters:
    ///   - port: nil for the default or, if that is taken, the next one that is free.
    ///   - inheritance: gets the sockets.
    init(port: UInt16?, on reach: Reach, into inheritance: inout Inheritance) throws {
        isPlain = false
        var candidates = [port ?? Self.defaultPort]
        if port == nil { candidates += (1...UInt16(Self.portAttempts)).map { Self.defaultPort + $0 } }
        for candidate in candidates {
            do {
                try open(reach.address(isIPv6: false, port: candidate), into: &inheritance)
                try openSecondFamily(reach, into: &inheritance)
                return
            } catch let error as SystemError {
                close(&inheritance)
                guard error.isAddressInUse, candidate != candidates.last else {
                    throw RuntimeFailure(
                        description: Self.explain(error, reach.address(isIPv6: false, port: candidate)))
                }
            }
        }
    }

    /// The same port in IPv6, if the machine has it.
    private mutating func openSecondFamily(_ reach: Reach, into inheritance: inout Inheritance) throws {
        do {
            try open(reach.address(isIPv6: true, port: addresses[0].port), into: &inheritance)
        } catch let error as SystemError where error.isUnavailable {
            return
        }
    }

    private mutating func open(_ address: SocketAddress, into inheritance: inout Inheritance) throws {
        let first = try ListeningSocket(address)
        let bound = first.address
        let role = InheritedRole.listener(bound, isPlain: isPlain)
        addresses.append(bound)
        inheritance.add(first.takeDescriptor(), as: role, forWorker: 0)
        for worker in 0..<inheritance.workerCount where worker > 0 {
            let socket = try ListeningSocket(bound, isJoining: true)
            inheritance.add(socket.takeDescriptor(), as: role, forWorker: worker)
        }
    }

    private mutating func close(_ inheritance: inout Inheritance) {
        let opened = addresses.map { InheritedRole.listener($0, isPlain: isPlain) }
        inheritance.close { opened.contains($0) }
        addresses = []
    }

    private static func explain(_ error: SystemError, _ address: SocketAddress) -> String {
        let wayOut =
            if error.isAddressInUse {
                "Another program listens there: stop it, or choose another port with --port or --listen (0 for any)."
            } else if error.isForbidden {
                "Ports below 1024 need the right to bind them: run as root, or grant CAP_NET_BIND_SERVICE."
            } else if error.isUnavailable {
                "This machine has no such address: `ip address` shows those it has."
            } else {
                "Choose another address with --listen."
            }
        return "cannot listen on \(address): \(error.reason)\n\(wayOut)"
    }
}
