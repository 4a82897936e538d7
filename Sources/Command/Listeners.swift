import MartinetPOSIX

/// The listening sockets: for each address one for each worker, all sharing its port (SO_REUSEPORT).
struct Listeners {
    /// By worker; within it, by address. The supervisor keeps them open for as long as it lives.
    private(set) var descriptors: [[CInt]]
    /// What is listened on, with the ports that were really taken.
    private(set) var addresses: [SocketAddress] = []

    /// How many ports after the default are tried when it is taken.
    private static let portAttempts = 100
    static let defaultPort: UInt16 = 8443

    /// Opens exactly these addresses.
    ///
    /// - Parameter wanted: in groups, each of one name; where the kernel chooses a group's port, it is one for all of it.
    /// - Throws: `RuntimeFailure` that names the address.
    init(_ wanted: [[SocketAddress]], workerCount: Int) throws {
        descriptors = .init(repeating: [], count: workerCount)
        for group in wanted {
            var chosenPort: UInt16?
            for address in group {
                let address = address.port == 0 ? address.with(port: chosenPort ?? 0) : address
                do {
                    try open(address)
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
    /// - Parameter port: nil for the default or, if that is taken, the next one that is free.
    init(port: UInt16?, on reach: Reach, workerCount: Int) throws {
        var candidates = [port ?? Self.defaultPort]
        if port == nil { candidates += (1...UInt16(Self.portAttempts)).map { Self.defaultPort + $0 } }
        for candidate in candidates {
            descriptors = .init(repeating: [], count: workerCount)
            do {
                try open(reach.address(isIPv6: false, port: candidate))
                try openSecondFamily(reach)
                return
            } catch let error as SystemError {
                close()
                guard error.isAddressInUse, candidate != candidates.last else {
                    throw RuntimeFailure(
                        description: Self.explain(error, reach.address(isIPv6: false, port: candidate)))
                }
            }
        }
        descriptors = []
    }

    /// The same port in IPv6, if the machine has it.
    private mutating func openSecondFamily(_ reach: Reach) throws {
        do {
            try open(reach.address(isIPv6: true, port: addresses[0].port))
        } catch let error as SystemError where error.isUnavailable {
            return
        }
    }

    private mutating func open(_ address: SocketAddress) throws {
        let first = try ListeningSocket(address)
        let bound = first.address
        addresses.append(bound)
        descriptors[0].append(first.takeDescriptor().release())
        for worker in descriptors.indices.dropFirst() {
            let socket = try ListeningSocket(bound, isJoining: true)
            descriptors[worker].append(socket.takeDescriptor().release())
        }
    }

    private mutating func close() {
        for number in descriptors.joined() { _ = FileDescriptor(owning: number) }
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
