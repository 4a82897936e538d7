import ArgumentParser
import Logging
import POSIX
import Responders
import Server
import TLS

/// `martinet serve`: a folder over HTTPS.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a folder over HTTPS.",
        discussion: """
            Without a certificate, one is issued for localhost by a local authority that is made on first use; the \
            start-up message shows how curl and openssl verify it.

            Every option with a value can also be set in the environment: --tls-cert is MARTINET_TLS_CERT. A list is \
            separated by commas.

            EXAMPLES
              martinet serve                         this folder at https://localhost:8443/
              martinet serve ~/site --port 0         on any free port
              martinet serve --host app.test public  with app.test in the certificate
              martinet serve --listen :443 --tls-cert site.pem --tls-key site.key /srv/www
            """)

    @Argument(help: "The folder to serve.", completion: .directory)
    var path = "."

    @Option(
        name: .shortAndLong,
        help: "The port on the loopback addresses; 0 for any. (default: 8443, or the next that is free)")
    var port: UInt16?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "An address to listen on: host:port, [v6]:port, or :port for every interface. Repeatable.",
            discussion: "(default: the loopback addresses)", valueName: "address"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "A certificate chain in PEM. Repeatable; the first is the default, the others are chosen by server name.",
            valueName: "file"))
    var tlsCert: [String] = []

    @Option(
        help: ArgumentHelp("The private key of the certificate, unless that file holds it too.", valueName: "file"))
    var tlsKey: [String] = []

    @Option(
        help: ArgumentHelp("A further name in the development certificate. Repeatable.", valueName: "name"))
    var host: [String] = []

    @Option(help: ArgumentHelp("The number of worker processes, or auto for one a processor.", valueName: "n"))
    var workers: WorkerCount = .automatic

    @Option(help: ArgumentHelp("The oldest TLS version to accept.", valueName: "version"))
    var tlsMin: TLSConfiguration.Version = .tls12

    @Option(
        help: ArgumentHelp(
            "Write the secrets of every session to a file, for Wireshark. Whoever reads it reads all traffic.",
            discussion: "(default: the value of SSLKEYLOGFILE, if set)", valueName: "file"))
    var keylog: String?

    @Option(
        help: ArgumentHelp(
            "Where a line for each request goes: - for standard output, none, or a file.",
            discussion: "(default: -, or none with --quiet)", valueName: "file"))
    var accessLog: String?

    @Flag(name: .shortAndLong, help: "Say more about what happens.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func validate() throws {
        if port != nil, !listen.isEmpty {
            throw ValidationError("--port is for the loopback addresses; with --listen, write the port in the address.")
        }
        if !tlsKey.isEmpty, tlsCert.isEmpty {
            throw ValidationError("--tls-key needs the certificate it belongs to: give --tls-cert too.")
        }
        if !host.isEmpty, !tlsCert.isEmpty {
            throw ValidationError("--host names what a development certificate is for; with --tls-cert none is made.")
        }
        if verbose, quiet { throw ValidationError("--verbose and --quiet contradict each other.") }
        for name in host where !HostName.isValid(name) {
            throw ValidationError("--host \(name) is neither a host name nor an IP address.")
        }
    }

    func run() throws {
        let root = try folder()
        let level: Logger.Level = verbose ? .debug : quiet ? .error : .notice
        let logger = try Logs.makeLogger(named: "martinet", level: level)
        let development = tlsCert.isEmpty ? try DevelopmentCertificate(names: certificateNames) : nil
        let identities = try development.map { [$0.identity] } ?? Identities.read(chains: tlsCert, keys: tlsKey)
        let keyLogPath = keylog ?? ThisProcess.environment("SSLKEYLOGFILE")
        let tls = TLSConfiguration(
            identities: identities, minimumVersion: tlsMin, ticketKeys: try TicketKeys.random(), keyLogPath: keyLogPath)
        // Made once here, so that what is wrong with it is said before anything is started.
        do { _ = try TLSContext(tls) } catch {
            throw ConfigurationError(
                place: "TLS", problem: error.description, wayOut: "Check --tls-cert, --tls-key and --keylog.")
        }
        let workerCount = workers.count
        let listeners =
            listen.isEmpty
            ? try Listeners(loopbackPort: port, workerCount: workerCount)
            : try Listeners(
                listen.flatMap { try ListenAddress.parse($0, option: "--listen") }, workerCount: workerCount)
        let access = try Logs.openAccessLog(accessLog ?? (quiet ? "none" : "-"))
        let snapshot = WorkerSnapshot(
            tls: tls, limits: Limits(), site: FileSite(root: root), listenerCount: listeners.addresses.count,
            hasAccessLog: access != nil, logLevel: level.rawValue)

        for identity in identities {
            for warning in Identities.warnings(try Certificate(identity), source: identity.source) {
                logger.warning("\(warning)")
            }
        }
        if let keyLogPath {
            logger.warning(
                "THE SECRETS OF EVERY SESSION ARE WRITTEN TO \(keyLogPath): whoever can read it can read all traffic")
        }
        let banner = Banner(
            folder: root, addresses: listeners.addresses, hostName: host.first,
            certificate: try Certificate(identities[0]), development: development)
        let isQuiet = quiet
        let supervisor = try Supervisor(
            Supervisor.Plan(
                arguments: ["martinet", "worker"], snapshot: try snapshot.encoded(),
                listeners: listeners.descriptors, shared: access.map { [$0] } ?? []),
            drainTime: snapshot.limits.drain, logger: logger
        ) {
            if !isQuiet { banner.show() }
        }
        guard try supervisor.run() == .stopped else { throw ExitCode(1) }
    }

    private func folder() throws -> String {
        guard let canonical = WholeFile.canonicalPath(path) else {
            throw ConfigurationError(
                place: path, problem: SystemError("open").reason,
                wayOut: "Name a folder that exists; `martinet serve --help` shows the options.")
        }
        do {
            _ = try Directory(canonical)
        } catch {
            throw ConfigurationError(
                place: path, problem: error.reason, wayOut: "Name a folder that this user may read.")
        }
        return canonical
    }

    private var certificateNames: [String] {
        host + DevelopmentCertificate.defaultNames.filter { !host.contains($0) }
    }
}

/// `--workers`: a number, or one for each processor.
enum WorkerCount: ExpressibleByArgument {
    case automatic
    case exactly(Int)

    /// More than this on one machine is a slip of the finger.
    private static let most = 256

    init?(argument: String) {
        if argument == "auto" {
            self = .automatic
        } else if let number = Int(argument), (1...Self.most).contains(number) {
            self = .exactly(number)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "auto" }

    var count: Int {
        switch self {
        case .automatic: ThisProcess.processorCount
        case .exactly(let number): number
        }
    }
}

extension TLSConfiguration.Version: ExpressibleByArgument {}
