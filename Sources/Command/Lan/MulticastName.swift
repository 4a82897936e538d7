import MartinetEvents
import MartinetPOSIX

/// The name under `.local` that a machine's neighbours know it by (multicast DNS, RFC 6762), where avahi answers for it.
enum MulticastName {
    /// Avahi's simple protocol: a question and an answer, a line each.
    private static let socket = "/run/avahi-daemon/socket"
    /// It knows this machine's own name; what it asks the network for takes seconds.
    private static let time = Interval.seconds(1)

    /// The name, if the service says that it is this machine's.
    ///
    /// - Parameter found: the addresses of this machine.
    static func own(
        _ hostName: String, among found: [InterfaceAddress],
        ask: (String) -> String? = { LocalService.ask(socket, $0, within: time) }
    ) -> String? {
        let label = hostName.prefix { $0 != "." }.lowercased()
        let name = "\(label).local"
        // Where it is taken, avahi has chosen another, and this one is somebody else's.
        guard !label.isEmpty, label != "localhost", HostName.isValid(name),
            let answer = ask("RESOLVE-HOSTNAME \(name)"), let address = address(in: answer, for: name),
            found.contains(where: { $0.address == address })
        else { return nil }
        return name
    }

    /// The address in an answer: "+ 2 0 host.local 192.168.1.20", with the numbers of interface and protocol; nil for
    /// everything else, which begins with a minus and a number.
    static func address(in answer: String, for name: String) -> SocketAddress? {
        let words = answer.split(separator: " ")
        guard words.count == 5, words[0] == "+", words[3].lowercased() == name else { return nil }
        return SocketAddress(host: String(words[4].prefix { $0 != "%" }), port: 0)
    }
}
