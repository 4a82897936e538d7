import MartinetBytes

/// Fields that are a connection's and no message's (RFC 9110 §7.6.1): a script is not given them, and cannot set them.
package enum ConnectionFields {
    /// In lower case. Keep-Alive and Proxy-Connection are of no standard any more, and are sent all the same.
    private static let names: Set<[UInt8]> = Set(
        ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"].map {
            [UInt8]($0.utf8)
        })

    /// - Parameter name: in lower case.
    static func contains(_ name: [UInt8]) -> Bool { names.contains(name) }

    /// What the server writes for each message by itself, beside the fields above: of a second line clients would believe the
    /// wrong one (RFC 9112 §6.3).
    private static let own: Set<[UInt8]> = Set(
        ["content-length", "content-range", "date"].map { [UInt8]($0.utf8) })

    /// Whether a field, named in any case, is for the server alone to set.
    package static func isReserved(_ name: String) -> Bool {
        let name = name.utf8.map(ASCII.lowercased)
        return contains(name) || own.contains(name)
    }
}
