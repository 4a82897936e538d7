import Logging
import MartinetCrypto
import MartinetHTTP
import MartinetHTTP1
import MartinetPOSIX
import MartinetResponders
import MartinetServer
import MartinetTLS

/// A worker process: started by the supervisor with its descriptors in place, and by nobody else.
struct RunWorker {
    /// What a supervisor gives as the first argument; the worker's place is the second.
    static let command = "worker"

    private let index: Int

    /// Nil where the arguments are not those of a worker.
    init?(_ arguments: [String]) {
        guard arguments.count == 3, arguments[1] == Self.command, let index = Int(arguments[2]) else { return nil }
        self.index = index
    }

    /// More threads beside a loop would only take the processors from the other workers.
    private static let mostHelperThreads = 4
    /// How much may wait for them: what takes ten milliseconds each then has come to its turn within a second.
    private static let helperQueueLength = 64

    func run() throws {
        // Before there is a key here.
        try ThisProcess.protect(runsPrograms: true)
        // Whatever reaches the process group is the supervisor's to decide.
        Signal.ignore(Supervisor.orders + [.pipe])
        try Signal.unblock(Supervisor.orders)
        ThisProcess.setName("martinet-\(index)")
        var inherited = InheritedDescriptors()
        let control = ControlChannel(try inherited.take(.control), at: .worker)
        var snapshot = try Self.receiveSnapshot(control)
        inherited.add(snapshot.inherited)
        if snapshot.scripts.isEmpty { try ThisProcess.protect(runsPrograms: false) }
        let descriptorLimit = ThisProcess.raiseDescriptorLimit()
        CGISite.divideDescriptors(descriptorLimit, among: &snapshot.scripts)
        // Scripts get descriptors 0 to 2 of their own; nothing else here may have these numbers.
        ThisProcess.fillStandardStreams()
        let (logger, errorSink) = try Logs.makeErrorLog(
            named: "worker \(index)", level: Logger.Level(rawValue: snapshot.logLevel) ?? .notice)
        if descriptorLimit < Limits.fewDescriptors {
            logger.warning(
                """
                few clients can be served at one time: this process may open no more than \(descriptorLimit) files \
                (ulimit -Hn), which connections, programs and files share
                """)
        }
        do {
            let helpers = try HelperThreads(
                threadCount: min(ThisProcess.processorCount, Self.mostHelperThreads),
                queueLimit: Self.helperQueueLength)
            let children = snapshot.scripts.isEmpty ? nil : try Self.reaper(snapshot.jobLimit, helpers, logger)
            let protocols = ApplicationProtocols(.http1)
            let context = try TLSContext(snapshot.tls, applicationProtocols: protocols.names)
            snapshot.forgetKeys()
            let permit = snapshot.trustOffer == nil ? nil : SharedPermit(inheriting: try inherited.take(.permit))
            let accessSink = inherited.has(.log(.access)) ? LogSink(try inherited.take(.log(.access))) : nil
            let listeners = try inherited.takeListeners()
            // Nobody is to have what nobody has taken.
            _ = consume inherited
            let worker = try Worker(
                listeners: listeners, limits: snapshot.limits,
                parts: WorkerParts(
                    tls: context, protocols: protocols,
                    responder: Self.responder(snapshot, children, helpers, logger),
                    redirects: Self.redirects(snapshot, context, permit, logger),
                    needsServerAddress: children != nil),
                logs: WorkerLogs(
                    logger, access: accessSink, errors: errorSink, replaceStream: Logs.replaceStream),
                process: Worker.Process(
                    control: control, children: children,
                    heap: HeapWatch(freeByteCount: { ThisProcess.freeHeapByteCount }, trim: ThisProcess.trimHeap)))
            try worker.run()
        } catch {
            logger.critical("the worker ends: \(error)")
            throw RuntimeFailure(description: "worker \(index) could not serve")
        }
    }

    private static func receiveSnapshot(_ control: ControlChannel) throws -> WorkerSnapshot {
        guard case .configuration(let content) = try control.receive() else {
            throw RuntimeFailure(description: "this command is for supervisors to start")
        }
        return try WorkerSnapshot.decode(content)
    }

    private static func reaper(
        _ jobLimit: Int, _ helpers: HelperThreads, _ logger: Logger
    ) throws -> ChildReaper {
        try ChildReaper(jobLimit: jobLimit, helpers: helpers) { script in
            logger.warning(
                """
                script \(script): what it left in the background was ended: more than \(jobLimit) processes of scripts that \
                have ended may not live on in each worker (--cgi-jobs)
                """)
        }
    }

    private static func redirects(
        _ snapshot: WorkerSnapshot, _ context: TLSContext, _ permit: SharedPermit?, _ logger: Logger
    ) -> Redirects {
        let covers: ([UInt8]) -> Bool = { context.covers(String(decoding: $0, as: UTF8.self)) }
        let challenges = FileResponder(snapshot.site.filesOnly, mediaTypes: MediaTypes())
        var onTLSPort: any Responder = RedirectResponder(port: nil, covers: covers)
        if let offer = snapshot.trustOffer, let permit {
            onTLSPort = TrustPage(
                offer, permit: permit, others: onTLSPort, isNear: { AuthorityScope.local.contains($0.address) },
                covers: covers, report: { logger.notice("\($0)") })
        }
        return Redirects(
            onTLSPort: onTLSPort,
            onPlainPort: RedirectResponder(port: snapshot.securePort, challenges: challenges, covers: covers),
            spoken: .http1WithoutPersistence)
    }

    private static func responder(
        _ snapshot: WorkerSnapshot, _ children: ChildReaper?, _ helpers: HelperThreads, _ logger: Logger
    ) throws -> any Responder {
        let mediaTypes = MediaTypes.system(snapshot.site.mediaTypes)
        func files(_ site: FileSite) -> FileResponder {
            FileResponder(site, mediaTypes: mediaTypes, helpers: helpers) { logger.notice("\($0)") }
        }
        let folder = files(snapshot.site)
        var routes = snapshot.folders.map { folder in
            Router.Route(
                prefix: folder.prefix,
                responder: files(folder), includesItself: true)
        }
        var scripts: [CGIResponder] = []
        if let children {
            let memory = ContentMemory()
            for site in snapshot.scripts {
                let beside = site.files.map(files)
                let script = try CGIResponder(site, memory: memory, reaper: children, logger: logger, files: beside)
                scripts.append(script)
                routes.append(
                    Router.Route(prefix: site.prefix, responder: script, includesItself: site.answersForItself))
            }
        }
        var responder: any Responder = folder
        if !routes.isEmpty {
            let router = Router(routes, fallback: folder)
            for script in scripts { script.router = router }
            responder = router
        }
        guard !snapshot.policy.isEmpty else { return responder }
        let authenticator: MessageAuthenticator
        do {
            authenticator = try MessageAuthenticator()
        } catch {
            throw RuntimeFailure(description: "make a key for authentication codes: \(error)")
        }
        let passwords = PasswordVerification(helpers: helpers, verify: PasswordVerifier.verify) {
            authenticator.code(for: $0)
        }
        return PolicyResponder(responder, policy: snapshot.policy, pages: folder, passwords: passwords, logger: logger)
    }
}

extension MediaTypes {
    /// The system's table if there is one, and behind it the built-in one.
    ///
    /// - Parameter chosen: types by extension, before all others.
    static func system(_ chosen: [String: String]) -> MediaTypes {
        MediaTypes(chosen, systemTable: (try? WholeFile.read("/etc/mime.types")) ?? [])
    }
}
