import ArgumentParser
import Logging
import MartinetPOSIX
import MartinetResponders
import MartinetServer
import MartinetTLS

/// `martinet serve`: a folder over HTTPS.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a folder over HTTPS.",
        discussion: """
            Without a certificate, one is issued for localhost by a local authority that is made on first use; the \
            start-up message shows how curl and openssl verify it. 'martinet cert trust' has this machine's browsers and \
            tools accept it.

            Every option with a value can also be set in the environment: --tls-cert is MARTINET_TLS_CERT. A list is \
            separated by commas.

            EXAMPLES
              martinet serve                         this folder at https://localhost:8443/
              martinet serve ~/site --port 0         on any free port
              martinet serve --host app.test public  with app.test in the certificate
              martinet serve --cgi /cgi-bin/=cgi-bin programs in cgi-bin answer beneath /cgi-bin/
              martinet serve --cgi /git/=/usr/lib/git-core/git-http-backend --cgi-env GIT_PROJECT_ROOT=/srv/git
              martinet serve --lan --open            for phones on this network, too, and in the browser
              martinet serve --spa dist              an application that routes in the browser
              martinet serve --client-ca ca.pem      for clients that it certified
              martinet serve --listen :443 --redirect-from :80 --tls-cert site.pem --tls-key site.key /srv/www
            """)

    @Argument(help: "The folder to serve.", completion: .directory)
    var path = "."

    @OptionGroup(title: "Listening") var listening: ListenOptions
    @OptionGroup(title: "TLS") var security: TLSOptions
    @OptionGroup(title: "Files") var files: SiteOptions
    @OptionGroup(title: "Programs (CGI)") var programs: CGIOptions
    @OptionGroup(title: "Logs") var logs: LogOptions

    func validate() throws {
        if listening.lan, !security.tlsCert.isEmpty {
            throw ValidationError(
                "--lan puts this machine's addresses in the development certificate; with --tls-cert none is made: "
                    + "use --listen :\(listening.port ?? Listeners.defaultPort), which listens on every interface.")
        }
        if let prefix = PrefixedPath.repeated((programs.cgi + files.files).compactMap(PrefixedPath.init)) {
            throw ValidationError("--cgi and --files are both given for \(prefix): one prefix has one answer.")
        }
    }

    func run() throws {
        // Before there is a key here. A supervisor has to execute workers, and they programs.
        try ThisProcess.protect(runsPrograms: true)
        // A log's reader that goes is no reason to end; and who renames a log does not wait for the supervisor to begin.
        Signal.ignore([.pipe])
        try Signal.block([.hangUp, .user1, .user2].filter { !$0.isIgnored })
        let root = try folder()
        var policy = try files.policy()
        policy.hasPrograms = !programs.cgi.isEmpty
        var scripts = try programs.sites(root: root, namesUser: policy.passwordHashes != nil)
        let (logger, errorSink) = try Logs.makeErrorLog(named: "martinet", level: logs.level)
        // The sockets first: clients can already come while the rest is read, and wait in the kernel's queue.
        var inheritance = Inheritance(workerCount: listening.workers.count)
        let listeners = try listening.open(into: &inheritance)
        let plainListeners = try listening.openPlain(into: &inheritance)
        let network = listening.lan ? try LocalNetwork.current() : nil
        let development = try security.developmentCertificate(for: network)
        let lan = try network.map { try LanAccess($0, authorityPath: development?.parts[0].authorityPath ?? "") }
        let tls = try security.configuration(development)
        if let log = try Logs.openAccessLog(logs.accessDestination) { inheritance.add(log, as: .log(.access)) }
        if let lan { inheritance.add(try FileDescriptor.duplicate(lan.permit.descriptor), as: .permit) }
        var limits = Limits()
        limits.slowReaderMemory = listening.slowReaderMemory.byteCount
        let concealment = Concealment(security, files, programs, logs, scripts)
        let folders = try files.folders(concealment.exposure)
        if programs.cgiFiles {
            for index in scripts.indices where scripts[index].program == nil {
                scripts[index].files = files.siteBesideScripts(scripts[index], concealment)
            }
        }
        // With its links: where one leads elsewhere later, that is what is served.
        var site = files.site(root: WholeFile.absolutePath(path), concealing: concealment.paths)
        site.routedPrefixes = scripts.map(\.prefix)
        let snapshot = WorkerSnapshot(
            tls: tls, limits: limits, site: site, policy: policy,
            folders: folders, scripts: scripts, jobLimit: programs.cgiJobs,
            inherited: inheritance.roles, securePort: listeners.addresses.first?.port ?? 443,
            trustOffer: lan?.offer,
            logLevel: logs.level.rawValue)

        let certificate = try Certificate(tls.identities[0])
        try warn(of: tls, isIssuedHere: development != nil, logger)
        for notice in development?.notices ?? [] { logger.notice("\(notice)") }
        warnOfPrograms(development, logger)
        for address in network?.exposed ?? [] {
            logger.warning(
                """
                the server can be reached at \(address.hostText) as well, which is no private address: --listen \
                ADDRESS:PORT listens on chosen ones only
                """)
        }
        for warning in concealment.warnings(root: root) + files.warnings(root: root) { logger.warning("\(warning)") }
        let banner = Banner(
            folder: root, addresses: listeners.addresses, plainAddresses: plainListeners.addresses,
            programs: scripts.map { site in
                site.program.map { (site.prefix, "runs \(site.directory)/\($0)") }
                    ?? (site.prefix, "runs those in \(site.directory)")
            },
            folders: folders.map { ($0.prefix, $0.root) },
            hostName: security.host.first, certificate: certificate, development: development,
            clientAuthentication: tls.clientAuthentication, lan: lan, codeColours: LanAccess.colours)
        let isQuiet = logs.quiet
        let opensBrowser = listening.opensBrowser
        let logFiles = Logs.files(accessLog: inheritance.number(of: .log(.access)))
        let supervisor = try Supervisor(
            Supervisor.Plan(
                arguments: ["martinet", RunWorker.command], snapshot: try snapshot.encoded(),
                ticketKeys: try .random(), inheritance: inheritance, logs: logFiles, drainTime: snapshot.limits.drain),
            logger: logger, errorSink: errorSink,
            timedAction: lan.map { lan in Supervisor.TimedAction(due: lan.offer.deadline) { lan.end(logger) } },
            hasTerminal: { ThisProcess.hasTerminal }
        ) {
            if !isQuiet { banner.show() }
            if opensBrowser, let problem = Browser.open(banner.url) { logger.warning("\(problem)") }
        }
        guard try supervisor.run() == .stopped else { throw ExitCode(1) }
    }

    /// Programs run as this user, and so does whoever can change one.
    private func warnOfPrograms(_ development: DevelopmentCertificate?, _ logger: Logger) {
        guard !programs.cgi.isEmpty else { return }
        let keys = development.map { $0.keyPaths } ?? (security.tlsKey.isEmpty ? security.tlsCert : security.tlsKey)
        if ThisProcess.isRoot {
            logger.warning("programs run as root: whoever can change or mislead one of them has the whole machine")
        } else if let key = keys.first(where: WholeFile.mayRead) {
            logger.warning("programs run as the user that may read \(key): each of them can read this key, too")
        }
    }

    /// - Parameter isIssuedHere: whether the certificate is the development authority's, which keeps it good by itself.
    private func warn(of tls: TLSConfiguration, isIssuedHere: Bool, _ logger: Logger) throws {
        if !isIssuedHere {
            let keys = security.tlsKey.isEmpty ? security.tlsCert : security.tlsKey
            for (identity, key) in zip(tls.identities, keys) {
                let certificate = try Certificate(identity)
                for warning in Identities.warnings(certificate, source: identity.source, key: key, at: .now) {
                    logger.warning("\(warning)")
                }
            }
        }
        if let path = tls.keyLogPath {
            logger.warning(
                "THE SECRETS OF EVERY SESSION ARE WRITTEN TO \(path): whoever can read it can read all traffic")
        }
    }

    private func folder() throws -> String {
        guard let canonical = WholeFile.canonicalPath(path) else {
            let problem = SystemError("open").reason
            let options = [("--spa", files.spa), ("--cors", files.cors)].filter { $1 != nil }
            let others = options.map { " If \(path) is meant for \($0.0), write \($0.0)=\(path)." }.joined()
            throw ConfigurationError(
                place: path, problem: problem,
                wayOut: "Name a folder that exists; `martinet serve --help` shows the options.\(others)")
        }
        do {
            _ = try Directory(canonical)
        } catch {
            throw ConfigurationError(
                place: path, problem: error.reason, wayOut: "Name a folder that this user may read.")
        }
        return canonical
    }
}
