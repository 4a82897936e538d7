import MartinetBytes
import MartinetPOSIX
import MartinetTLS

/// The names that a certificate can be made for: host names, addresses, and for clients mail addresses.
enum CertificateName {
    /// Why there can be no certificate for a name; nil where there can.
    static func problem(with name: String, isForClients: Bool) -> String? {
        guard name.contains("@") else { return HostName.problem(with: name) }
        guard isMailAddress(name) else { return "is no mail address that is plain ASCII, as ada@example.test." }
        return isForClients ? nil : "is a mail address, which only clients have: give --client."
    }

    /// A dot-atom of ASCII and a host (RFC 5321 §4.1.2), the form of rfc822Name (RFC 5280 §4.2.1.6).
    private static func isMailAddress(_ name: String) -> Bool {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
            SocketAddress(host: "\(parts[1])", port: 0) == nil,
            !parts[1].hasPrefix("*"), HostName.isValid("\(parts[1])")
        else { return false }
        return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.utf8.allSatisfy { byte in
                    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                        || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
                }
        }
    }

    /// Why a subject cannot have a common name; nil where it can. One that looks like a host must be among the names: some
    /// still take it for one.
    static func problem(withCommonName name: String, among names: [String]) -> String? {
        guard (1...CertificateTemplate.commonNameLimit).contains(name.unicodeScalars.count), name.visible == name else {
            return "must be 1 to \(CertificateTemplate.commonNameLimit) characters that can be seen."
        }
        let isHost = name.contains(".") && HostName.isValid(name)
        guard isHost, !names.contains(where: { $0.lowercased() == name.lowercased() }) else { return nil }
        return "is a host's name: give it as a NAME, too."
    }

    /// In one form each, and once.
    static func merged(_ names: [String]) -> [String] {
        var known: Set<String> = []
        return names.map(canonical).filter { known.insert($0).inserted }
    }

    private static func canonical(_ name: String) -> String {
        if let address = SocketAddress(host: name, port: 0) { return address.hostText }
        guard let at = name.lastIndex(of: "@") else { return name.lowercased() }
        // What stands in front is the business of the host.
        return name[...at] + name[name.index(after: at)...].lowercased()
    }

    /// What is said of a list of names: "a, b and c".
    static func list(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
