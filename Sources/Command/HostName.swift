import MartinetPOSIX
import MartinetTLS

/// Names that a certificate can be for.
enum HostName {
    /// Why a development certificate cannot be for a name; nil where it can.
    static func problem(with name: String) -> String? {
        if name.hasPrefix("*."), !name.dropFirst(2).contains("."), AuthorityScope(for: name) != .local {
            return "stands for other people's names: give one of your own, as *.app.test."
        }
        if isValid(name) { return nil }
        let isASCII = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard !isASCII, isValid(name.map { $0.isLetter && !$0.isASCII ? "x" : String($0) }.joined()) else {
            return "is neither a host name nor an IP address."
        }
        let command = "import sys; print(sys.argv[1].encode('idna').decode())"
        return "must be written as it goes over the network, in ASCII (Punycode, xn--…): "
            + "`python3 -c \"\(command)\" \(name.shellQuoted)` prints it."
    }

    /// Whether it is an IP address, or a host name (RFC 1123 §2.1) whose first label may be a star. A name that ends in a number
    /// is none: clients read 192.168.1 as an address.
    static func isValid(_ name: String) -> Bool {
        if SocketAddress(host: name, port: 0) != nil { return true }
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        if let last = labels.last, last.allSatisfy(\.isNumber) || last.lowercased().hasPrefix("0x") { return false }
        return labels.enumerated().allSatisfy { index, label in
            if index == 0, label == "*" { return labels.count > 1 }
            return (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                        || $0 == UInt8(ascii: "-")
                }
        }
    }
}
