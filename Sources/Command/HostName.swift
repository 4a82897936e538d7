import MartinetPOSIX

/// Names that a certificate can be for.
enum HostName {
    /// Whether it is an IP address, or a host name (RFC 1123 §2.1) whose first label may be a star.
    static func isValid(_ name: String) -> Bool {
        if SocketAddress(host: name, port: 0) != nil { return true }
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
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
