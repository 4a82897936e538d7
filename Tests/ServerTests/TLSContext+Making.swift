import MartinetTLS

extension TLSContext {
    /// A context with a certificate for localhost, made anew.
    static func forLocalhost() throws -> TLSContext {
        let authority = try Certificate(DevelopmentAuthority.make(named: "test"))
        let identity = try DevelopmentAuthority.issue(for: ["localhost"], by: authority)
        return try TLSContext(TLSConfiguration(identities: [identity], ticketKeys: .random()))
    }
}
