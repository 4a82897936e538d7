import MartinetTLS

extension TLSContext {
    /// A context with a certificate for localhost, made anew.
    static func forLocalhost(applicationProtocols: [String] = ["http/1.1"]) throws -> TLSContext {
        let identity = try DevelopmentAuthority.make(for: "tests").issue(for: ["localhost"])
        return try TLSContext(
            TLSConfiguration(identities: [identity], ticketKeys: .random()),
            applicationProtocols: applicationProtocols)
    }
}
