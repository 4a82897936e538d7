import MartinetEvents
import MartinetHTTP
import MartinetTLS

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
