import MartinetBytes
import MartinetEvents
import MartinetPOSIX
import MartinetTLS

/// What is said of files of certificates and keys.
struct CertificateReport {
    struct File {
        let path: String
        let contents: CredentialContents
    }

    let files: [File]
    let roots: [DevelopmentRoot]
    /// Whether a password was given for what is encrypted.
    let hasPassword: Bool
    let now: WallTime
    let privateKeys: [Key]
    /// What is not private: of certificates, requests, and by themselves.
    let holders: [Key]

    init(files: [File], roots: [DevelopmentRoot], hasPassword: Bool, now: WallTime) {
        (self.files, self.roots, self.hasPassword, self.now) = (files, roots, hasPassword, now)
        let keys = Self.keys(in: files)
        (privateKeys, holders) = (keys.filter(\.isPrivate), keys.filter { !$0.isPrivate })
    }

    /// The files one after another. Nothing that stands in them can do anything to a terminal.
    var text: String {
        files.indices.map { index in lines(index).map(\.visible).joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private func lines(_ index: Int) -> [String] {
        let file = files[index]
        let items = file.contents.items
        guard !items.isEmpty else { return ["\(file.path): \(nothing(file))"] }
        var lines = ["\(file.path): \(summary(file))."]
        for (number, item) in items.enumerated() {
            let said = sentences(item, at: Place(file: index, item: number))
            let mark = items.count > 1 ? "\(number + 1). " : ""
            lines.append("")
            lines.append("  " + mark + (said.first ?? ""))
            lines += said.dropFirst().map { "  " + String(repeating: " ", count: mark.count) + $0 }
        }
        let chain = chainSentences(file)
        if !chain.isEmpty { lines += [""] + chain.map { "  " + $0 } }
        let faults = faults(index)
        if !faults.isEmpty { lines += [""] + faults.map { "  WRONG: " + $0 } }
        return lines
    }

    // MARK: The file

    /// Instead of anything that is in it.
    private func nothing(_ file: File) -> String {
        switch file.contents.file.form {
        case .empty: return "The file is empty."
        case .utf16:
            let made = file.path.withEnding("utf8.pem").shellQuoted
            return
                "It is text in UTF-16, which nothing reads as PEM: `iconv -f UTF-16 -t UTF-8 \(file.path.shellQuoted) > "
                + "\(made)` writes it as it should be."
        default:
            return
                "It holds no certificate, key or request that is known here. `file \(file.path.shellQuoted)` may tell "
                + "what it is."
        }
    }

    /// "2 certificates and a private key, in PEM"
    private func summary(_ file: File) -> String {
        var counts: [(words: String, plural: String, count: Int)] = []
        for item in file.contents.items {
            let (words, plural) = item.words
            if let index = counts.firstIndex(where: { $0.words == words }) {
                counts[index].count += 1
            } else {
                counts.append((words, plural, 1))
            }
        }
        let parts = counts.map { $0.count == 1 ? $0.words : "\($0.count) \($0.plural)" }
        let form =
            switch file.contents.file.kinds.first {
            case .pkcs12 where file.contents.file.form == .der: "PKCS #12"
            case .pkcs7 where file.contents.items.count > 1 || file.contents.file.form == .der: "PKCS #7"
            default: file.contents.file.form == .der ? "DER" : "PEM"
            }
        return "\(CertificateName.list(parts)), in \(form)"
    }

    // MARK: What is in it

    struct Place: Equatable {
        let file: Int
        let item: Int
    }

    private func sentences(_ item: CredentialContents.Item, at place: Place) -> [String] {
        switch item {
        case .certificate(let certificate):
            CertificateSentences(certificate: certificate, now: now).lines + pairs(certificate.publicKey, at: place)
        case .privateKey(let key): ["A private key: \(key.words)."] + pairs(key, at: place)
        case .publicKey(let key): ["A public key: \(key.words)."] + pairs(key, at: place)
        case .request(let request): Self.sentences(request) + pairs(request.key, at: place)
        case .locked(let kind):
            [
                kind == .pkcs12 ? "What is in it is encrypted." : "A private key, which is encrypted.",
                hasPassword
                    ? "The password that was given does not open it."
                    : "`--password-file FILE`, with the password in the first line, opens it.",
            ]
        case .damaged(let kind, let reason):
            Self.sentences(damaged: kind, reason)
        case .other(let kind): ["It holds \(kind.words), which is not looked into."]
        }
    }

    private static func sentences(damaged kind: CredentialFile.Kind?, _ reason: String) -> [String] {
        switch kind {
        case .pkcs12:
            [
                "It looks like PKCS #12, and cannot be read (\(reason)).",
                "What older programs have written may need `openssl pkcs12 -legacy -in FILE -noenc -out NEW`.",
            ]
        case let kind?:
            [
                "It looks like \(kind.words), and cannot be read (\(reason)).",
                "Copy the file again from where it was made.",
            ]
        case nil:
            ["A block of PEM, which is damaged (\(reason)).", "Copy the file again from where it was made."]
        }
    }

    private static func sentences(_ request: CertificateRequest) -> [String] {
        let names = request.names.map(\.text)
        let wanted = names.isEmpty ? "for no name besides its subject" : "for \(CertificateSentences.list(names))"
        return [
            "A request (CSR) for a certificate \(wanted).",
            request.subject.isEmpty ? "It has no subject." : "Its subject is \(request.subject).",
            "Its key is \(request.key.words)" + (request.isSigned ? ", which has signed it." : "."),
        ]
    }

    // MARK: Which belong together

    struct Key {
        let place: Place
        /// What has it.
        let words: String
        let isPrivate: Bool
        let key: PublicKey
    }

    /// Every key there is.
    private static func keys(in files: [File]) -> [Key] {
        files.enumerated().flatMap { file, content in
            content.contents.items.enumerated().compactMap { item, found in
                let place = Place(file: file, item: item)
                return switch found {
                case .certificate(let certificate):
                    Key(place: place, words: "certificate", isPrivate: false, key: certificate.publicKey)
                case .privateKey(let key): Key(place: place, words: "private key", isPrivate: true, key: key)
                case .publicKey(let key): Key(place: place, words: "public key", isPrivate: false, key: key)
                case .request(let request): Key(place: place, words: "request", isPrivate: false, key: request.key)
                case .locked, .damaged, .other: nil
                }
            }
        }
    }

    /// Says what has the same key: of private keys what they belong to, of others their private key.
    private func pairs(_ key: PublicKey, at place: Place) -> [String] {
        let isPrivate = privateKeys.contains { $0.place == place }
        let others = (isPrivate ? holders : privateKeys).filter { key.isPair(with: $0.key) }
        guard !others.isEmpty else { return [] }
        let words = others.prefix(10).map { other in
            isPrivate
                ? "the \(other.words) \(reference(other.place, from: place))" : reference(other.place, from: place)
        }
        return [(isPrivate ? "It belongs to " : "Its private key is ") + CertificateName.list(words) + "."]
    }

    /// "number 2", "in site.pem", "number 2 in site.pem"
    private func reference(_ place: Place, from other: Place) -> String {
        let file = files[place.file]
        let number = file.contents.items.count > 1 ? "number \(place.item + 1)" : ""
        if place.file == other.file { return number }
        return number.isEmpty ? "in \(file.path)" : "\(number) in \(file.path)"
    }

    // MARK: The chain

    private func chainSentences(_ file: File) -> [String] {
        let certificates = file.contents.certificates
        guard let first = certificates.first, let last = certificates.last else { return [] }
        var sentences: [String] = []
        let isChain = zip(certificates, certificates.dropFirst()).allSatisfy { $0.isSigned(by: $1) }
        if certificates.count > 1 {
            if isChain {
                sentences.append("They are a chain, in order: each is signed by the next.")
            } else if first.isAuthority {
                sentences.append("They are no chain: the first is an authority's, and not signed by the next.")
            }
        }
        guard isChain else { return sentences }
        if let root = roots.first(where: {
            $0.certificate.fingerprint == last.fingerprint || last.isSigned(by: $0.certificate)
        }) {
            sentences.append(
                "\(certificates.count > 1 ? "It ends with" : "It is of") your development authority \(root.path), "
                    + (root.isTrusted
                        ? "which a store of this machine trusts."
                        : "which no store of this machine is known to trust: martinet cert trust."))
        } else if certificates.count > 1 {
            sentences.append(
                last.isSelfSigned
                    ? "It ends with its root." : "It ends there: clients must have its issuer, \(last.issuer).")
        } else if !first.isAuthority, first.chainFault(at: now) == nil, !first.isSelfSigned {
            sentences.append("Its issuer is an authority that this system trusts.")
        }
        return sentences
    }
}

extension CredentialContents.Item {
    /// One of it, and several without their number.
    fileprivate var words: (one: String, several: String) {
        switch self {
        case .certificate: ("a certificate", "certificates")
        case .privateKey: ("a private key", "private keys")
        case .publicKey: ("a public key", "public keys")
        case .request: ("a certificate request (CSR)", "certificate requests")
        case .locked(.pkcs12): ("something encrypted", "encrypted things")
        case .locked: ("an encrypted private key", "encrypted private keys")
        case .damaged: ("something damaged", "damaged things")
        case .other(let kind): (kind.words, "of \(kind.words)")
        }
    }
}
