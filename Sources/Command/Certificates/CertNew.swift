import ArgumentParser
import MartinetBytes
import MartinetPOSIX
import MartinetTLS

/// `martinet cert new`: certificates of the development authority for other servers, and for clients.
struct CertNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a certificate for another server or a client, signed by the development authority.",
        discussion: """
            Writes NAME.pem, the certificate with the authority's intermediate behind it, and NAME-key.pem, its key, which \
            its owner alone may read. What accepts it are clients that trust the authority: 'martinet cert trust' has \
            this machine's do so, and --print shows how others are told.

            Local names and addresses (localhost, .localhost, .test, .local, .internal, .home.arpa, loopback, private and \
            link-local addresses) come from the common authority, authority.pem; any other name has one of its own, \
            authority-NAME.pem, which clients must trust as well. A certificate has one issuer: names that need \
            different ones need a certificate each.

            Files that are there already are left alone, and then nothing is written, unless --force is given.

            EXAMPLES
              martinet cert new app.test '*.app.test' 192.168.1.20
              martinet cert new --key-type rsa --out /etc/nginx/tls intranet.internal
              martinet cert new --client --common-name ada         PostgreSQL's user ada
              martinet cert new --client ada@example.test --pkcs12 for a browser
              martinet cert new --pkcs12 app.test                  for a Java server
              martinet cert new --csr app.csr                      the key stays there
            """)

    @Argument(
        help: ArgumentHelp(
            "A host name, *.NAME for the names beneath it, an IP address; for clients also a mail address.",
            valueName: "name"))
    var names: [String] = []

    @Flag(help: "For clients (clientAuth); with --server, too, for both.")
    var client = false

    @Flag(help: "For servers (serverAuth): the default without --client.")
    var server = false

    @Option(
        help: ArgumentHelp("What a client is called: the common name of its subject.", valueName: "text"))
    var commonName: String?

    @Option(help: ArgumentHelp("The kind of its key: on P-256, or RSA of 2048 bits or more.", valueName: "type"))
    var keyType: CertificateTemplate.KeyType = .ecdsa

    @Option(
        help: ArgumentHelp(
            "How long it is valid, up to 397: browsers refuse more. Never longer than its authority.", valueName: "days"
        ))
    var days = DevelopmentAuthority.serverDays

    @Option(
        name: [.customShort("o"), .customLong("out")],
        help: ArgumentHelp("The folder for the files.", valueName: "dir"), completion: .directory)
    var folder = "."

    @Option(help: ArgumentHelp("Where to write the certificate instead.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("Where to write the key instead.", valueName: "file"))
    var key: String?

    @Flag(name: .customLong("pkcs12"), help: "Write certificate, key and authority into one NAME.p12 instead.")
    var isPKCS12 = false

    @Option(
        help: ArgumentHelp(
            "The file whose first line is the password of the PKCS #12.",
            discussion: "(default: changeit, as Java's and mkcert's are)", valueName: "file"))
    var passwordFile: String?

    @Option(
        help: ArgumentHelp(
            "Sign this request (CSR), for its key, its names and its common name. No key is made.",
            valueName: "file"))
    var csr: String?

    @Flag(help: "Replace files that are there.")
    var force = false

    /// More are no certificate any more that a client likes to read at every handshake.
    private static let nameLimit = 100

    private var isForClients: Bool { client }
    private var isForServers: Bool { server || !client }

    func validate() throws {
        guard (1...DevelopmentAuthority.serverDays).contains(days) else {
            throw ValidationError(
                "--days \(days): give 1 to \(DevelopmentAuthority.serverDays), since browsers refuse what is valid longer."
            )
        }
        if let commonName, let problem = CertificateName.problem(withCommonName: commonName, among: names) {
            throw ValidationError("--common-name \(commonName.visible) \(problem)")
        }
        guard commonName == nil || isForClients else {
            throw ValidationError("--common-name says what a client is called: give --client, too, or leave it out.")
        }
        try validateFiles()
        if csr != nil {
            guard names.isEmpty, keyType == .ecdsa, commonName == nil else {
                throw ValidationError(
                    "--csr FILE brings names and key with it: leave NAME, --key-type and --common-name out.")
            }
            return
        }
        guard !names.isEmpty || isForClients && !isForServers && commonName != nil else {
            throw ValidationError(
                isForClients && !isForServers
                    ? "Name the client: martinet cert new --client ada@example.test, or --client --common-name ada."
                    : "Name what the certificate is for: martinet cert new app.test.")
        }
        if let problem = Self.problem(with: names, isForClients: isForClients) { throw ValidationError(problem) }
    }

    private func validateFiles() throws {
        if passwordFile != nil, !isPKCS12 {
            throw ValidationError("--password-file is for --pkcs12: the key's own file is not encrypted.")
        }
        if isPKCS12, cert != nil || key != nil {
            throw ValidationError("--pkcs12 writes one file: give its folder with --out instead of --cert and --key.")
        }
        if csr != nil, key != nil || isPKCS12 {
            throw ValidationError("With --csr no key is made: leave --key and --pkcs12 out.")
        }
        if let cert, let key, NewFiles.areOne(cert, key) {
            throw ValidationError("--cert and --key are the same file: give two, or leave them out.")
        }
    }

    /// What speaks against a certificate for these names; nil for nothing.
    static func problem(with names: [String], isForClients: Bool) -> String? {
        if names.count > nameLimit {
            return "There are \(names.count) names; a certificate has \(nameLimit) at most: make several."
        }
        for name in names {
            if let problem = CertificateName.problem(with: name, isForClients: isForClients) {
                return "\(name.visible) \(problem)"
            }
        }
        return nil
    }

    func run() throws {
        // Before there is a key here.
        try ThisProcess.protect(runsPrograms: false)
        var template = CertificateTemplate(names: names)
        (template.commonName, template.keyType, template.days) = (commonName, keyType, days)
        (template.isForServers, template.isForClients) = (isForServers, isForClients)
        var request: CertificateRequest?
        if let csr {
            let found = try RequestFile.read(csr, isForClients: isForClients)
            (request, template.names, template.commonName) = (found.request, found.names, found.commonName)
        }
        template.names = CertificateName.merged(template.names)
        let password = try passwordFile.map(BundlePassword.read)
        let maker = CertificateMaker(template: template, request: request, replacing: force)
        let files = CertificateMaker.Files(
            template: template, folder: folder, certificate: cert, key: key, isPKCS12: isPKCS12,
            hasKey: request == nil)
        let made = try maker.make(files, password: password)
        StandardOutput.write(made.text(isPasswordKnown: password == nil))
    }
}

extension CertificateTemplate.KeyType: ExpressibleByArgument {}
