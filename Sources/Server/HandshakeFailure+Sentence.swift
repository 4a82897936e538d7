import MartinetTLS

extension TLSError {
    /// That a handshake failed, of which client, and why: one line for a person to act on.
    func handshakeSentence(_ hello: Channel.Hello?) -> String {
        var facts: [String] = []
        if let name = hello?.serverName { facts.append("server name \(name)") }
        if let versions = hello?.offeredVersions?.description, !versions.isEmpty {
            facts.append("supported versions \(versions)")
        }
        let context = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
        let explanation = HandshakeFailure(self).map { ": \($0.sentence)" } ?? ""
        return "handshake failed\(context): \(reason)\(explanation)"
    }
}

extension HandshakeFailure {
    /// What happened, as a sentence of the log that a person can act on.
    var sentence: String {
        switch self {
        case .clientLeft: "the client left during the handshake"
        case .plainHTTP: "the client spoke plain HTTP; it should use an https:// URL"
        case .notTLS: "the client does not speak TLS"
        case .versionTooOld: "the client offers only TLS versions older than the minimum set here"
        case .noSharedCipherSuite: "the client and this server have no cipher suite in common"
        case .noSharedGroup: "the client and this server have no key exchange group in common"
        case .noSharedApplicationProtocol:
            "the client offers only application protocols that are not spoken here (ALPN)"
        case .noClientCertificate: "the client sent no certificate, and it must have one"
        case .badClientCertificate(let fault): fault.sentence
        case .refusedByClient(let alert): alert.sentence
        }
    }
}

extension HandshakeFailure.Fault {
    fileprivate var sentence: String {
        switch self {
        case .unknownAuthority:
            "the client's certificate is not signed by an authority that is trusted here, "
                + "or the client does not send the intermediates between them"
        case .expired:
            "the client's certificate, or one above it, has expired: renew it, or check this machine's clock"
        case .notYetValid:
            "the client's certificate, or one above it, is not valid yet: wait, or check this machine's clock"
        case .wrongPurpose:
            "the client's certificate is not for clients: its extended key usage lacks clientAuth"
        case .other(let words): "the client's certificate was not accepted (\(words))"
        }
    }
}

extension HandshakeFailure.Alert {
    fileprivate var sentence: String {
        switch self {
        case .unknownAuthority: "the client does not trust the authority that issued our certificate (alert unknown_ca)"
        case .badCertificate: "the client rejects our certificate: it may not trust its authority, or the name differs"
        case .expiredCertificate: "the client finds our certificate expired: renew it, or check both clocks"
        case .protocolVersion: "the client refuses the TLS version chosen"
        case .handshakeFailure: "the client finds nothing acceptable in what we offer"
        case .userCancelled: "the client gave up the handshake"
        }
    }
}
