package import MartinetHTTP
package import MartinetTLS

/// What a worker answers with.
package struct WorkerParts {
    package let tls: TLSContext
    /// What is spoken on connections; the context offers these.
    package let protocols: ApplicationProtocols
    package let responder: any Responder
    package let redirects: Redirects
    /// Whether responders want to know the address that a client reached.
    package let needsServerAddress: Bool

    package init(
        tls: TLSContext, protocols: ApplicationProtocols, responder: any Responder, redirects: Redirects,
        needsServerAddress: Bool = false
    ) {
        self.tls = tls
        self.protocols = protocols
        self.responder = responder
        self.redirects = redirects
        self.needsServerAddress = needsServerAddress
    }
}

/// Who answers plain HTTP.
package struct Redirects {
    /// To clients that speak it on a port that is for TLS.
    package let onTLSPort: any Responder
    /// To clients of a listener that is for it.
    package let onPlainPort: any Responder
    /// What is spoken with them.
    package let spoken: ApplicationProtocol

    package init(onTLSPort: any Responder, onPlainPort: any Responder, spoken: ApplicationProtocol) {
        self.onTLSPort = onTLSPort
        self.onPlainPort = onPlainPort
        self.spoken = spoken
    }
}
