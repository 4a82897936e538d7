import ArgumentParser
import MartinetPOSIX
import MartinetServer

/// Where a server listens.
struct ListenOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: """
            The port on the loopback addresses, or with --lan on all; 0 for any. (default: 8443, or the next that is free)
            """)
    var port: UInt16?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "An address to listen on: host:port, [v6]:port, or :port for every interface. Repeatable.",
            discussion: "(default: the loopback addresses)", valueName: "address"))
    var listen: [String] = []

    @Flag(
        help: ArgumentHelp(
            """
            For other devices on this network: listens on every interface, with this machine's private addresses in the \
            development certificate, and shows a QR code.
            """,
            discussion: """
                It leads a phone to a page where the authority can be downloaded once, within 10 minutes, in plain HTTP.
                """))
    var lan = false

    @Flag(name: .customLong("open"), help: "Open the browser once the server is ready.")
    var opensBrowser = false

    @Option(
        help: ArgumentHelp(
            "An address where plain HTTP is answered with a redirect to https. Repeatable.", valueName: "address"))
    var redirectFrom: [String] = []

    @Option(help: ArgumentHelp("The number of worker processes, or auto for one a processor.", valueName: "n"))
    var workers: WorkerCount = .automatic

    @Option(
        help: ArgumentHelp(
            """
            Memory in each worker for what clients have not taken yet; beyond it, those that take nothing for 10 s are \
            cut.
            """, valueName: "size"))
    var slowReaderMemory = SizeArgument(Limits().slowReaderMemory, text: "64M")

    func validate() throws {
        guard slowReaderMemory.byteCount >= 1 << 20 else {
            throw ValidationError("--slow-reader-memory is too little for a few downloads: give 1M or more.")
        }
        if lan, !listen.isEmpty {
            throw ValidationError(
                "--lan listens on every interface; with --listen, say where: leave out one of them. "
                    + "Names and addresses for the certificate can be given with --host, too.")
        }
        if port != nil, !listen.isEmpty {
            throw ValidationError("--port is for the loopback addresses; with --listen, write the port in the address.")
        }
    }

    /// Opens the sockets for HTTPS.
    func open(into inheritance: inout Inheritance) throws -> Listeners {
        guard !listen.isEmpty else {
            return try Listeners(port: port, on: lan ? .everyInterface : .loopback, into: &inheritance)
        }
        let addresses = try listen.map { try ListenAddress.parse($0, option: "--listen") }
        return try Listeners(addresses, isPlain: false, into: &inheritance)
    }

    /// Opens the sockets for plain HTTP.
    func openPlain(into inheritance: inout Inheritance) throws -> Listeners {
        let addresses = try redirectFrom.map { try ListenAddress.parse($0, option: "--redirect-from") }
        return try Listeners(addresses, isPlain: true, into: &inheritance)
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
