import MartinetBytes

/// Fields that are a connection's and no message's (RFC 9110 §7.6.1): a script is not given them, and cannot set them.
enum ConnectionFields {
    /// In lower case. Keep-Alive and Proxy-Connection are of no standard any more, and are sent all the same.
    private static let names: Set<[UInt8]> = Set(
        ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"].map {
            [UInt8]($0.utf8)
        })

    /// - Parameter name: in lower case.
    static func contains(_ name: [UInt8]) -> Bool { names.contains(name) }
}
