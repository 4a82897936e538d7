import MartinetPOSIX
import MartinetQRCode
import MartinetTLS

/// What a server says when it is ready: where it is, who it is, and commands that show it works.
struct Banner {
    let folder: String
    let addresses: [SocketAddress]
    /// Where plain HTTP is redirected from.
    let plainAddresses: [SocketAddress]
    /// Where programs answer: prefixes, and what is run there.
    let programs: [(prefix: String, deed: String)]
    /// Other folders that are served: prefixes and directories.
    let folders: [(prefix: String, directory: String)]
    /// The first name asked for with `--host`; nil for none.
    let hostName: String?
    let certificate: Certificate
    /// Nil where the certificate was given.
    let development: DevelopmentCertificate?
    /// Nil where clients need no certificate and are not asked for one.
    let clientAuthentication: TLSConfiguration.ClientAuthentication?

    /// What other devices on the network get; nil where that is nothing.
    let lan: LanAccess?
    /// How a QR code is drawn; nil where it is not.
    let codeColours: QRCode.Colours?

    func show() {
        // Not print(_:), which would keep it in a buffer while whoever reads our pipe waits for it; and behind what the error
        // log has written, where both go to one file.
        guard let output = try? FileDescriptor.reopenedForAppending(ThisProcess.standardOutput) else { return }
        _ = try? output.writeWithoutWaiting([UInt8]((text + "\n").utf8).span)
    }

    var text: String {
        var lines = ["Martinet \(Version.number) serves \(folder)", "", "    \(url)", ""]
        for address in addresses where !address.isLoopback { lines.append("listening on   \(address)") }
        for address in plainAddresses { lines.append("redirects      http://\(address)/") }
        if let lan { lines += lan.lines(port: port) }
        for folder in folders { lines.append("files          \(folder.prefix) serves \(folder.directory)") }
        for program in programs { lines.append("programs       \(program.prefix) \(program.deed)") }
        let days = certificate.daysLeft(at: .now)
        let names = certificate.names.joined(separator: ", ")
        lines.append("certificate    \(development == nil ? "" : "development, ")for \(names) (\(days) days left)")
        lines.append("SHA-256        \(certificate.fingerprint)")
        for (index, part) in (development?.parts ?? []).enumerated() {
            let scope = index == 0 ? "" : " (\(part.reach): trust this one, too)"
            let state = part.isAuthorityNew && index == 0 ? " (made just now)" : ""
            lines.append("authority      \(part.authorityPath)\(scope)\(state)")
        }
        if let parts = development?.parts, !parts.allSatisfy({ TrustRecord.saysTrusted($0.authorityPath) }) {
            lines.append("trust          this machine's browsers and tools accept it after: \(Self.program) cert trust")
        }
        if let rules = clientAuthentication {
            lines.append("clients        \(rules.isRequired ? "must" : "may") show a certificate of \(rules.source)")
        }
        lines += ["", "Try it:", "  \(curlCommand)", "  \(clientCommand)", ""]
        if let lan, let codeColours { lines += lan.codeLines(port: port, codeColours) + [""] }
        return lines.joined(separator: "\n")
    }

    /// This program, as a shell finds it from anywhere.
    private static var program: String {
        let word = CommandLine.arguments.first ?? "martinet"
        return word.contains("/") ? WholeFile.absolutePath(word).shellQuoted : word
    }

    private var port: UInt16 { addresses.first?.port ?? 0 }

    /// The name to reach the server by: one that its certificate is for.
    private var name: String {
        if let hostName { return hostName.replacingStar }
        if development != nil { return "localhost" }
        return (certificate.names.first ?? "localhost").replacingStar
    }

    /// Where it is reached from this machine.
    var url: String { "https://\(name.isAddressWithColons ? "[\(name)]" : name):\(port)/" }

    /// Where a client on this machine connects to.
    private var target: SocketAddress {
        guard let first = addresses.first else { return .loopback4(port: port) }
        return first.isUnspecified ? .loopback4(port: first.port) : first
    }

    private var curlCommand: String {
        var words = ["curl"]
        if let development { words += ["--cacert", development.part(for: name).authorityPath.shellQuoted] }
        if !isLocal {
            let host = target.isIPv6 ? "[\(target.hostText)]" : target.hostText
            words += ["--resolve", "\(name):\(port):\(host)"]
        }
        if isClientCertificateNeeded { words += ["--cert client.pem --key client.key"] }
        return (words + [url]).joined(separator: " ")
    }

    private var clientCommand: String {
        var words = ["openssl s_client -connect", isLocal ? "localhost:\(port)" : "\(target)", "-servername", name]
        if let development { words += ["-CAfile", development.part(for: name).authorityPath.shellQuoted] }
        if isClientCertificateNeeded { words += ["-cert client.pem -key client.key"] }
        return (words + ["-verify_return_error </dev/null"]).joined(separator: " ")
    }

    /// Whether the commands lead nowhere before the reader puts in a certificate of their own.
    private var isClientCertificateNeeded: Bool { clientAuthentication?.isRequired ?? false }

    /// Whether "localhost" leads every client to the server. It may stand for 127.0.0.1 alone, whatever else is loopback.
    private var isLocal: Bool { name == "localhost" && target == .loopback4(port: target.port) }
}

extension String {
    /// "*.example.org" stands for many names; this is one of them.
    fileprivate var replacingStar: String { hasPrefix("*.") ? "www" + dropFirst() : self }

    fileprivate var isAddressWithColons: Bool { contains(":") }

    /// The text as one word for a shell.
    var shellQuoted: String {
        let isPlain = utf8.allSatisfy {
            $0 > 0x2A && $0 < 0x3B || $0 == 0x3D || $0 >= 0x40 && $0 < 0x5B || $0 == 0x5F || $0 >= 0x61 && $0 < 0x7B
        }
        return isPlain && !isEmpty
            ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
