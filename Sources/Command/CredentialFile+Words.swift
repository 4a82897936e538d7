import MartinetTLS

extension CredentialFile.Kind {
    var isPrivateKey: Bool {
        [.privateKey, .encryptedPrivateKey, .openSSHPrivateKey].contains(self)
    }

    var words: String {
        switch self {
        case .certificate: "a certificate"
        case .trustedCertificate: "a certificate with OpenSSL's notes on trust"
        case .privateKey: "a private key"
        case .encryptedPrivateKey: "an encrypted private key"
        case .openSSHPrivateKey: "a private key in the form of OpenSSH"
        case .publicKey: "a public key"
        case .certificateRequest: "a certificate request (CSR)"
        case .revocationList: "a certificate revocation list (CRL)"
        case .parameters: "parameters of a key"
        case .pkcs7: "certificates in PKCS #7"
        case .pkcs12: "certificates with their key in PKCS #12"
        case .other(let label): "\"\(label)\""
        }
    }
}

extension String {
    /// The path with another ending of its name, for what a command makes of the file: never the path itself.
    func withEnding(_ ending: String) -> String {
        let name = split(separator: "/").last ?? ""
        let dot = name.dropFirst().lastIndex(of: ".")
        let stem = dot.map { dropLast(name.distance(from: $0, to: name.endIndex)) } ?? self[...]
        let path = "\(stem).\(ending)"
        return path == self ? "\(stem).new.\(ending)" : path
    }
}
