import MartinetBytes
import MartinetEvents
import MartinetHTTP
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

    private struct Place: Equatable {
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

    /// Every key there is, and what has it.
    private var keys: [(place: Place, words: String, isPrivate: Bool, key: PublicKey)] {
        files.enumerated().flatMap { file, content in
            content.contents.items.enumerated().compactMap { item, found in
                let place = Place(file: file, item: item)
                return switch found {
                case .certificate(let certificate): (place, "certificate", false, certificate.publicKey)
                case .privateKey(let key): (place, "private key", true, key)
                case .publicKey(let key): (place, "public key", false, key)
                case .request(let request): (place, "request", false, request.key)
                case .locked, .damaged, .other: nil
                }
            }
        }
    }

    /// Says what has the same key: of private keys what they belong to, of others their private key.
    private func pairs(_ key: PublicKey, at place: Place) -> [String] {
        let keys = keys
        guard let own = keys.first(where: { $0.place == place }) else { return [] }
        let others = keys.filter { $0.isPrivate != own.isPrivate && key.isPair(with: $0.key) }
        guard !others.isEmpty else { return [] }
        let words = others.prefix(10).map { other in
            own.isPrivate
                ? "the \(other.words) \(reference(other.place, from: place))" : reference(other.place, from: place)
        }
        return [(own.isPrivate ? "It belongs to " : "Its private key is ") + CertificateName.list(words) + "."]
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

    // MARK: What is wrong

    private func faults(_ index: Int) -> [String] {
        let file = files[index]
        let path = file.path
        let certificates = file.contents.certificates
        var faults: [String] = []
        if let first = certificates.first {
            let key = keyPath(of: first) ?? "KEY"
            let advice = CredentialAdvice(option: "", path: path, file: file.contents.file)
            faults += [Identities.validityWarning(first, path, key, now)].compactMap(\.self)
            if !first.isAuthority {
                if first.isForServers, !first.isForClients || first.names.isEmpty && first.commonName.contains(".") {
                    faults += [Identities.nameWarning(first, path, key)].compactMap(\.self)
                }
                if let chain = try? Certificate.chain(of: certificates) {
                    faults += [Identities.chainWarning(chain, path, now)].compactMap(\.self)
                }
            }
            for (number, certificate) in certificates.enumerated() {
                if let weakness = certificate.weakness {
                    let error = advice.weak(weakness, key: key)
                    let which = certificates.count > 1 ? "of certificate \(number + 1): " : ""
                    faults.append("\(which)\(error.problem) \(error.wayOut)")
                }
                guard number > 0 else { continue }
                let issued = certificates[number - 1]
                if issued.hasIssuerName(of: certificate), !issued.isSigned(by: certificate) {
                    faults.append(
                        "certificate \(number) says that certificate \(number + 1) has signed it, which its key has not: "
                            + "put the issuer's right one in its place")
                }
            }
        }
        return faults + keyFaults(index)
    }

    /// The file with the private key of a certificate; nil where it is not among those shown.
    private func keyPath(of certificate: Certificate) -> String? {
        let key = certificate.publicKey
        return keys.first { $0.isPrivate && $0.key.isPair(with: key) }.map { files[$0.place.file].path }
    }

    private func keyFaults(_ index: Int) -> [String] {
        let keys = keys
        let holders = keys.filter { !$0.isPrivate }
        return keys.filter { $0.place.file == index && $0.isPrivate }.flatMap { own -> [String] in
            var faults: [String] = []
            if let words = own.key.weakness {
                faults.append("The private key is too weak, \(words): clients refuse it.")
            }
            guard !holders.isEmpty, !holders.contains(where: { own.key.isPair(with: $0.key) }) else { return faults }
            let others = Set(holders.map(\.place.file))
            if others.count == 1, let other = others.first, holders.contains(where: { $0.words == "certificate" }) {
                let file = files[other]
                let error = CredentialAdvice(option: "", path: file.path, file: file.contents.file)
                    .mismatched(key: files[index].path, number: nil)
                faults.append("The key in \(error.problem) \(error.wayOut)")
            } else {
                faults.append("The private key belongs to nothing that is shown here.")
            }
            return faults
        }
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

/// What is said of one certificate.
struct CertificateSentences {
    let certificate: Certificate
    let now: WallTime

    /// More names are counted.
    private static let nameLimit = 100

    var lines: [String] {
        [title, issuer, validity, purposes, limits, key].compactMap(\.self)
            + ["SHA-256 \(certificate.fingerprint), serial number \(certificate.serialNumber)."]
    }

    static func list(_ names: [String]) -> String {
        guard names.count > nameLimit else { return CertificateName.list(names) }
        return names.prefix(nameLimit).joined(separator: ", ") + " and \(names.count - nameLimit) more"
    }

    private var title: String {
        let names = certificate.allNames.map(\.text)
        let own = Self.name(certificate.commonName, certificate.subject)
        if certificate.isAuthority {
            return
                "An authority's certificate: \(own)\(names.isEmpty ? "" : ", which is also for \(Self.list(names))")."
        }
        guard names.isEmpty else {
            let isKnown = names.contains(certificate.commonName) || certificate.commonName.isEmpty
            return "A certificate for \(Self.list(names))\(isKnown ? "" : ", called \(own)")."
        }
        return "A certificate for \(own), without further names."
    }

    private static func name(_ commonName: String, _ distinguished: String) -> String {
        commonName.isEmpty ? distinguished.isEmpty ? "nobody" : distinguished : "\"\(commonName)\""
    }

    private var issuer: String {
        certificate.isSelfSigned ? "It is signed by itself." : "It was issued by \(certificate.issuer)."
    }

    private var validity: String {
        guard let from = certificate.validFrom, let until = certificate.validUntil else {
            return "Its dates cannot be read."
        }
        let span = "from \(from.minuteText) to \(until.minuteText) UTC"
        let days = certificate.daysLeft(at: now)
        if certificate.isEarly(at: now) { return "It is not valid yet: it will be \(span)." }
        if certificate.isExpired(at: now) {
            return "It has expired, \(Self.days(-days)) ago: it was valid \(span)."
        }
        return "It is valid \(span): \(Self.days(days)) are left."
    }

    private static func days(_ count: Int) -> String { count == 1 ? "1 day" : "\(count) days" }

    private var purposes: String {
        let kinds = [(certificate.isForServers, "servers"), (certificate.isForClients, "clients")].filter(\.0).map(\.1)
        guard certificate.isAuthority else {
            return kinds.isEmpty
                ? "Neither servers nor clients may show it." : "It is for \(CertificateName.list(kinds))."
        }
        let signed = kinds.isEmpty ? "neither for servers nor for clients" : "for \(CertificateName.list(kinds))"
        switch certificate.pathLength {
        case 0: return "It may sign certificates \(signed), and of no other authority."
        case let length?:
            let others = length == 1 ? "1 other authority" : "up to \(length) other authorities"
            return "It may sign certificates \(signed), and there may be \(others) between."
        case nil: return "It may sign certificates \(signed), and of other authorities."
        }
    }

    /// Of a kind without a limit any name may be signed for.
    private var limits: String? {
        guard let limits = certificate.nameConstraints else {
            return certificate.isAuthority ? "It may sign for any name." : nil
        }
        var parts: [String] = []
        if !limits.permitted.isEmpty { parts.append("It may sign for \(Self.list(limits.permitted.map(\.text))) only") }
        if !limits.excluded.isEmpty {
            parts.append("\(parts.isEmpty ? "It may" : "and") not sign for \(Self.list(limits.excluded.map(\.text)))")
        }
        let kinds = (limits.permitted + limits.excluded).map(\.kind)
        let free = ["host names", "addresses"].filter { !kinds.contains($0) }
        if !free.isEmpty { parts.append("and for any \(CertificateName.list(free))") }
        return parts.joined(separator: ", ") + "."
    }

    private var key: String {
        "Its key is \(certificate.publicKey.words); it is signed with \(certificate.signatureAlgorithm)."
    }
}

extension GeneralName {
    fileprivate var kind: String {
        switch self {
        case .dns: "host names"
        case .address: "addresses"
        case .email: "mail addresses"
        case .uri: "URIs"
        }
    }
}

extension WallTime {
    /// "2027-12-28 03:58"
    fileprivate var minuteText: String {
        let date = CalendarDate(self)
        return "\(dayText) \(date.hour < 10 ? "0" : "")\(date.hour):\(date.minute < 10 ? "0" : "")\(date.minute)"
    }
}
