import MartinetPOSIX

/// Where to listen, as options and files say it: `host:port`, `[v6]:port`, or `:port` for every interface.
enum ListenAddress {
    /// Every address that the text names.
    static func parse(_ text: String, option: String) throws -> [SocketAddress] {
        func wrong(_ problem: String) -> ConfigurationError {
            ConfigurationError(
                place: "\(option) \(text)", problem: problem,
                wayOut: "Write host:port, [v6]:port, or :port for every interface; for example 127.0.0.1:8443.")
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw wrong("There is no port from 0 to 65535 behind a colon.")
        }
        var host = String(text[..<colon])
        if host.isEmpty { return [.any4(port: port), .any6(port: port)] }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw wrong("An IPv6 address needs brackets.")
        }
        if let address = SocketAddress(host: host, port: port) { return [address] }
        let found = SocketAddress.resolve(host, port: port)
        guard !found.isEmpty else { throw wrong("No address is known for \(host).") }
        return found
    }
}
