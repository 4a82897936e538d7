import MartinetPOSIX
import MartinetTLS

/// Says what a file holds that was named for certificates or for a key, and the command that makes it what it should be.
struct CredentialAdvice {
    /// "--tls-cert"
    let option: String
    let path: String
    let file: CredentialFile

    private var place: String { "\(option) \(path)" }

    private func error(_ problem: String, _ wayOut: String) -> ConfigurationError {
        ConfigurationError(place: place, problem: problem, wayOut: wayOut)
    }

    // MARK: Instead of certificates

    /// - Parameters:
    ///   - key: what was named for the key of the certificate; nil where the file itself was, or there is to be none.
    ///   - reason: why its certificates cannot be read, in OpenSSL's words.
    func withoutCertificates(key: CredentialAdvice?, reason: String) -> ConfigurationError {
        if let key, !file.holds(.certificate), file.kinds.contains(where: \.isPrivateKey), key.file.holds(.certificate)
        {
            return error(
                "It holds a private key, and \(key.path) the certificate: they are the other way round.",
                "Write --tls-cert \(key.path.shellQuoted) --tls-key \(path.shellQuoted).")
        }
        switch (file.form, file.kinds.first) {
        case (.empty, _), (_, nil):
            return withoutAnything("certificates in PEM", emptyAdvice(key))
        case (.der, .certificate):
            let made = path.withEnding("pem")
            return error(
                "It holds a certificate in DER, not in PEM.",
                "`openssl x509 -inform DER -in \(path.shellQuoted) -out \(made.shellQuoted)` writes it in PEM; "
                    + "then name \(made), with the intermediates behind it.")
        case _ where file.holds(.certificate):
            return error(
                "A certificate in it is damaged (\(reason)).",
                "Copy the file again from where it was issued; `openssl x509 -in \(path.shellQuoted) -noout -text` shows "
                    + "whether its first certificate is whole.")
        case (_, .trustedCertificate):
            let made = path.withEnding("plain.pem")
            return error(
                "It holds a certificate with OpenSSL's notes on trust (TRUSTED CERTIFICATE).",
                "`openssl x509 -in \(path.shellQuoted) -out \(made.shellQuoted)` leaves them out; then name \(made).")
        case (_, .pkcs12): return bundle("certificate")
        case (let form, .pkcs7):
            let made = path.withEnding("pem")
            return error(
                "It holds certificates in PKCS #7, not in PEM.",
                "`openssl pkcs7 -print_certs\(form == .der ? " -inform DER" : "") -in \(path.shellQuoted) "
                    + "-out \(made.shellQuoted)` writes them in PEM; then name \(made).")
        case (_, .certificateRequest): return request(key)
        case (_, let kind?):
            return error(
                "It holds \(kind.words), and no certificate.",
                kind.isPrivateKey
                    ? "Name it with --tls-key, and the certificate that belongs to it with --tls-cert."
                    : "Name the file with the certificates; `openssl x509 -in FILE -noout -subject` tells what is one.")
        }
    }

    /// A request was sent to an authority, or is to be: what came back is the certificate.
    private func request(_ key: CredentialAdvice?) -> ConfigurationError {
        let made = path.withEnding("pem")
        let form = file.form == .der ? " -inform DER" : ""
        return error(
            "It holds a certificate request (CSR), which an authority has yet to sign.",
            "Name the certificate that the authority sent back; for a test, `openssl x509 -req\(form) -in \(path.shellQuoted) "
                + "-key \(key?.path.shellQuoted ?? "KEY") -copy_extensions copyall -days 90 -out \(made.shellQuoted)` makes one "
                + "that signs itself.")
    }

    private func emptyAdvice(_ key: CredentialAdvice?) -> String {
        guard option == "--tls-cert" else {
            return "Name the certificates of the authorities that sign your clients', in PEM, one after another."
        }
        let made = path.withEnding("pem")
        let words = key.map { " -key \($0.path.shellQuoted)" }
        let newKey = "ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout \(path.withEnding("key").shellQuoted)"
        return
            "Copy it again from where it was issued; for a test, `openssl req -x509 -new\(words ?? "key \(newKey)") -days 90 "
            + "-subj /CN=localhost -addext subjectAltName=DNS:localhost -out \(made.shellQuoted)` makes one. "
            + "Without \(option) a development certificate is made."
    }

    // MARK: Instead of a key

    /// - Parameter reason: why its key cannot be read, in OpenSSL's words.
    func withoutKey(reason: String) -> ConfigurationError {
        let made = path.withEnding("plain.key")
        if file.kinds.contains(.encryptedPrivateKey) {
            let form = file.form == .der ? " -inform DER" : ""
            return error(
                "Its private key is encrypted, and a server that starts by itself has nobody to ask for the passphrase.",
                "`openssl pkey\(form) -in \(path.shellQuoted) -out \(made.shellQuoted)` asks for it and writes the key without, "
                    + "for its owner alone to read; then give --tls-key \(made.shellQuoted).")
        }
        switch (file.form, file.kinds.first { $0 != .parameters } ?? file.kinds.first) {
        case (.empty, _), (_, nil):
            return withoutAnything(
                "a private key in PEM",
                "Copy it again from where it was made. A new one needs a new certificate, too: " + Self.newRequest(path)
            )
        case (.der, .privateKey):
            let made = path.withEnding("pem")
            return error(
                "It holds a private key in DER, not in PEM.",
                "`openssl pkey -inform DER -in \(path.shellQuoted) -out \(made.shellQuoted)` writes it in PEM; then give "
                    + "--tls-key \(made.shellQuoted).")
        case (_, .pkcs12): return bundle("key")
        case (_, .openSSHPrivateKey):
            return error(
                "It holds a private key in the form of OpenSSH.",
                "`cp \(path.shellQuoted) \(made.shellQuoted) && ssh-keygen -p -m PKCS8 -f \(made.shellQuoted)` writes it in PEM; "
                    + "then give --tls-key \(made.shellQuoted).")
        case (_, .certificate) where option == "--tls-cert": return keyless()
        case _ where file.holds(.privateKey):
            return error(
                "Its private key is damaged (\(reason)).",
                "Copy the file again from where it was made; `openssl pkey -in \(path.shellQuoted) -noout -check` must find it "
                    + "right.")
        case (_, let kind?):
            return error(
                "It holds \(kind.words), and no private key.",
                "Name the file with the key that the certificate was made for; `openssl pkey -in FILE -noout` reads what is "
                    + "one.")
        }
    }

    /// A file of certificates that was to hold the key as well.
    private func keyless() -> ConfigurationError {
        let beside = path.withEnding("key")
        let isThere = WholeFile.status(beside)?.kind == .regular
        return error(
            "It holds \(file.kinds.count == 1 ? "a certificate" : "certificates"), and no private key.",
            isThere
                ? "Give --tls-key \(beside.shellQuoted) too, if that is its key."
                : "Name the private key with --tls-key, or put it into \(path) behind the certificates.")
    }

    /// The command for a new key and a request for its certificate.
    private static func newRequest(_ key: String) -> String {
        "`openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout \(key.shellQuoted) -subj /CN=NAME "
            + "-addext subjectAltName=DNS:NAME -out \(key.withEnding("csr").shellQuoted)` makes a key, and the request that an "
            + "authority answers with a certificate."
    }

    // MARK: Instead of either

    private func bundle(_ wanted: String) -> ConfigurationError {
        let made = path.withEnding("pem")
        return error(
            "It holds certificates with their key in PKCS #12, and no \(wanted) in PEM.",
            "`openssl pkcs12 -in \(path.shellQuoted) -noenc -out \(made.shellQuoted)` writes all of them into one file; then "
                + "give --tls-cert \(made.shellQuoted) and no --tls-key.")
    }

    private func withoutAnything(_ wanted: String, _ wayOut: String) -> ConfigurationError {
        switch file.form {
        case .empty: return error("The file is empty, without \(wanted).", wayOut)
        case .utf16:
            let made = path.withEnding("utf8.pem")
            return error(
                "It is text in UTF-16, which is not PEM.",
                "`iconv -f UTF-16 -t UTF-8 \(path.shellQuoted) > \(made.shellQuoted)` writes it as it should be; then name "
                    + "\(made).")
        default:
            return error(
                "It is without \(wanted), and holds nothing else that is known here.",
                "`file \(path.shellQuoted)` may tell what it is. \(wayOut)")
        }
    }

    // MARK: Both, but not for each other

    /// - Parameter number: the place in the file, counted from 1, of a certificate that the key does belong to.
    func mismatched(key: String, number: Int?) -> ConfigurationError {
        if let number {
            return error(
                "\(key) is the key of certificate \(number) in it, and the first must be the server's own.",
                "Move certificate \(number) to the top, then its intermediates; `openssl storeutl -noout -text -certs "
                    + "\(path.shellQuoted)` shows all of them.")
        }
        return error(
            "\(key) is the key of another certificate.",
            "`openssl x509 -in \(path.shellQuoted) -noout -pubkey` and `openssl pkey -in \(key.shellQuoted) -pubout` must "
                + "print the same.")
    }

    func weak(_ weakness: Certificate.Weakness, key: String) -> ConfigurationError {
        switch weakness {
        case .key(let words):
            error(
                "Its key is too weak, \(words): clients refuse it.",
                Self.newRequest(key.withEnding("new.key")))
        case .signature(let words):
            error(
                "It is signed with \(words), which is too weak: clients refuse it.",
                "Have it issued anew: " + Self.renewal(path, key: key, isSelfSigned: false))
        }
    }

    /// The command that leads to a certificate with the same names and key.
    static func renewal(_ path: String, key: String, isSelfSigned: Bool) -> String {
        if isSelfSigned {
            let made = path.withEnding("new.pem")
            return
                "`openssl x509 -in \(path.shellQuoted) -signkey \(key.shellQuoted) -days 90 -out \(made.shellQuoted)` makes a "
                + "new one like it"
        }
        return "`openssl x509 -x509toreq -in \(path.shellQuoted) -signkey \(key.shellQuoted) -copy_extensions copyall "
            + "-out \(path.withEnding("csr").shellQuoted)` makes the request that its authority answers with a new one"
    }
}
