import MartinetBytes

extension Kind where Value == ListeningAddress {
    /// Where to listen.
    static var address: Kind {
        Kind(placeholder: "address", expected: "host:port, [v6]:port, or :port for every interface") {
            text, _ throws(Unfit) in
            let string = text.string
            if let scheme = string.firstRange(of: "://") {
                throw Unfit("it is an address of the web", "Leave out \(string[..<scheme.upperBound])")
            }
            guard let colon = string.lastIndex(of: ":") else {
                guard let port = UInt16(string) else { throw Unfit() }
                throw Unfit(
                    "a port alone does not say which interfaces",
                    "Write \":\(port)\" for every interface, 127.0.0.1:\(port) for this machine.")
            }
            guard let port = Text(String(string[string.index(after: colon)...]), at: text.place).decimal, port <= 65_535
            else { throw Unfit("there is no port from 0 to 65535 behind the colon") }
            var host = String(string[..<colon])
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = String(host.dropFirst().dropLast())
                guard IPAddress(host)?.isIPv6 ?? false else { throw Unfit("there is no IPv6 address in the brackets") }
            } else if host.contains(":") {
                throw Unfit("an IPv6 address needs brackets", IPAddress(host).map { _ in "Write [\(host)]:\(port)" })
            } else if host == "*" {
                throw Unfit("* is no host", "Write \":\(port)\" for every interface.")
            } else if !host.isEmpty, IPAddress(host) == nil, HostNames.problem(with: host) != nil || host.hasPrefix("*")
            {
                throw Unfit("\(host) is neither an address nor a host's name")
            }
            return ListeningAddress(host: host, port: UInt16(port))
        } show: {
            $0.text
        }
    }
}

extension ListeningAddress {
    /// "127.0.0.1:8443", "[::1]:8443", ":443".
    package var text: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}

extension Kind where Value == Network {
    static var network: Kind {
        Kind(placeholder: "network", expected: "an address or a network such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")
        {
            text, _ throws(Unfit) in
            guard let network = Network(text.string) else {
                throw Unfit(nil, text.string == "all" ? "Write 0.0.0.0/0 and ::/0 for all addresses." : nil)
            }
            if network.hasBitsBehindPrefix {
                throw Unfit(
                    "it has bits behind its first \(network.prefixLength)", "Write zeros there, or a longer prefix.")
            }
            return network
        } show: {
            $0.text
        }
    }
}

extension Kind where Value == String {
    /// A name that a request's Host may have, in lower case and without a dot at its end.
    static var siteName: Kind {
        Kind(placeholder: "name", expected: "a host's name, exact or as *.example.org") { text, _ throws(Unfit) in
            var name = text.string.lowercased()
            if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
            if IPAddress(name) != nil { return name }
            if name.hasSuffix("."), name.utf8.count > 1 { name.removeLast() }
            if let problem = HostNames.problem(with: name) { throw problem }
            return name
        } show: {
            $0
        }
    }
}

/// Names of hosts (RFC 1123 §2.1).
enum HostNames {
    /// Why a name in lower case is none; nil where it is one, exact or with a star for its first label.
    static func problem(with name: String) -> Unfit? {
        if name.isEmpty { return Unfit() }
        if name.contains("://") {
            return Unfit("it is an address of the web", "Write the name alone, such as example.org.")
        }
        if name.contains("/") { return Unfit("a name has no path", "Write paths as a site's routes.") }
        if name.contains(":") { return Unfit("a name has no port", "Ports are what listeners have.") }
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            return Unfit(
                "it is not ASCII", "Write it as it goes over the network, in Punycode: xn--…, as idn2 prints it.")
        }
        guard name.utf8.count <= 253 else { return Unfit("it is longer than 253 characters") }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        // Clients read 192.168.1 as an address.
        if let last = labels.last, last.utf8.allSatisfy(ASCII.isDigit) || last.hasPrefix("0x") { return Unfit() }
        for (index, label) in labels.enumerated() {
            if label == "*", index == 0, labels.count > 2 { continue }
            if label.contains("*") {
                return Unfit(
                    "a star stands for the first label alone", "Write *.example.org, and each other name by itself.")
            }
            guard (1...63).contains(label.utf8.count), label.first != "-", label.last != "-",
                label.utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") })
            else { return Unfit() }
        }
        return nil
    }
}

extension Kind where Value == Logs.Access {
    /// Where lines go.
    static var logDestination: Kind {
        let path = Kind<String>.path("file")
        return Kind(placeholder: "file", expected: "- for standard output, none, or a file", holdsCommas: true) {
            text, reading throws(Unfit) in
            switch text.string {
            case "-": return .standardOutput
            case "none": return .none
            default: return .file(try path.read(text, reading))
            }
        } show: { value in
            switch value {
            case .standardOutput: "-"
            case .none: "none"
            case .file(let path): path
            }
        }
    }
}
