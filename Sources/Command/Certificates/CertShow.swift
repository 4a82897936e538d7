import ArgumentParser
import MartinetBytes
import MartinetEvents
import MartinetPOSIX
import MartinetTLS

/// `martinet cert show`: what is in files of certificates, keys and requests, in sentences.
struct CertShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Tell what is in a file of certificates, keys or requests, and what is wrong with it.",
        discussion: """
            Reads PEM, DER, PKCS #7 and PKCS #12, whatever a file is called: for whom a certificate is, who issued it and \
            how long it is valid, whether the certificates are a chain, which key belongs to which, and what clients will \
            not like, with the command that mends it. Of a private key nothing but its type and its certificate is told. \
            What is encrypted is opened with --password-file; PKCS #12 without one also with "changeit".

            Exit status: 0, or 1 if something could not be read or opened.

            EXAMPLES
              martinet cert show site.pem
              martinet cert show site.pem site.key               do they belong together?
              martinet cert show bundle.p12 --password-file secret
              martinet cert show - <site.pem
            """)

    @Argument(help: ArgumentHelp("The files; - is standard input.", valueName: "file"), completion: .file())
    var files: [String]

    @Option(
        help: ArgumentHelp("The file whose first line is the password of what is encrypted.", valueName: "file"))
    var passwordFile: String?

    /// More would be a mistake with a star of the shell.
    private static let fileLimit = 200

    func validate() throws {
        guard files.count <= Self.fileLimit else {
            throw ValidationError("There are \(files.count) files; name \(Self.fileLimit) at most.")
        }
        guard files.filter({ $0 == "-" }).count < 2 else {
            throw ValidationError("Standard input (-) can be read once: name it once.")
        }
    }

    func run() throws {
        // Keys are read, too.
        try ThisProcess.protect(runsPrograms: false)
        let password = try passwordFile.map { path in
            try BundlePassword.firstLine(path, "--password-file \(path.visible)")
        }
        var isWhole = true
        var read: [CertificateReport.File] = []
        for path in files {
            do {
                let content = try CredentialReading.read(path, place: path.visible)
                let contents = CredentialContents(content, password: password)
                if !contents.isWhole { isWhole = false }
                read.append(CertificateReport.File(path: path, contents: contents))
            } catch let error as ConfigurationError {
                StandardError.write("martinet: \(error.description)")
                isWhole = false
            }
        }
        let report = CertificateReport(
            files: read, roots: DevelopmentRoot.all(), hasPassword: password != nil, now: .now)
        if !read.isEmpty { StandardOutput.write(report.text) }
        guard isWhole else { throw ExitCode(1) }
    }
}

/// One of this user's development authorities, as far as its root's file tells.
struct DevelopmentRoot {
    let path: String
    let certificate: Certificate
    /// Whether a store of this machine is known to trust it.
    let isTrusted: Bool

    /// Those that can be read; nothing is made, locked or refused.
    static func all() -> [DevelopmentRoot] {
        guard let place = AuthorityFolder.place, let names = try? WholeFile.names(in: place) else { return [] }
        return names.filter(TrustAnchors.isRoot).sorted().compactMap { name in
            let path = "\(place)/\(name)"
            guard let text = try? CredentialReading.read(path, place: path) else { return nil }
            let certificates = CredentialContents(text).certificates
            return certificates.first.map {
                DevelopmentRoot(path: path, certificate: $0, isTrusted: TrustRecord.saysTrusted(path))
            }
        }
    }
}
