import MartinetBytes
import MartinetHTTP
package import MartinetPOSIX

/// Scripts beneath a directory that answer requests beneath a prefix (RFC 3875), and how much they may take.
package struct CGISite: Codable, Sendable {
    /// Where in the site they are: `/cgi-bin/`.
    package var prefix: String
    /// The absolute path of their directory.
    package var directory: String
    /// The name of the one that answers for all of the prefix; nil where the path says which does.
    package var program: String?
    /// What a directory runs: the first of these that it has.
    package var indexNames: [String] = []
    /// How files in the directory are served that are no scripts; nil where nothing there is served as a file.
    package var files: FileSite?
    /// What scripts are told beside the request, by the operator's wish.
    package var variables: [Variable] = []
    /// The directory that the rest of the site is served from: DOCUMENT_ROOT, PATH_TRANSLATED.
    package var documentRoot: String
    /// By file name extension with its dot: the program that is started with the script's path as its argument. Scripts
    /// with other extensions are executed themselves.
    package var interpreters: [String: String] = [:]

    /// A variable of the environment.
    package struct Variable: Codable, Equatable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// How long a script may neither take content nor write anything.
    package var timeout = Duration.seconds(30)
    /// How long a script may take in all.
    package var totalTime = Duration.seconds(3600)
    /// The most request content that is taken, in bytes: 413 beyond it.
    package var contentByteLimit = 1 << 30
    /// The most that a script may write, in bytes; nil for no limit.
    package var outputByteLimit: Int?
    /// Scripts that run at one time in one worker.
    package var concurrency = 32
    /// Requests that wait for their script to be started, beyond which the answer is 503.
    package var queueLength = 64
    /// How long such a request waits at the most.
    package var queueTime = Duration.seconds(10)
    /// What the kernel holds each script to.
    package var limits = Program.Limits()

    /// Whether scripts see the client's credentials (HTTP_AUTHORIZATION).
    package var passesAuthorization = false
    /// Whether requests bear Basic credentials that were checked, so that scripts can be told the user.
    package var namesUser = false
    /// Where a developer finds what scripts write to their standard error, in words. The page about a failure says it, and
    /// what failed, to clients on this machine; nil for a page that says neither.
    package var messagesPlace: String?
    /// SERVER_SOFTWARE: "Martinet/1.0".
    package var serverSoftware = "Martinet"
    /// Whether all content is spooled before its script is started, so that a slow client occupies no place.
    package var spoolsContent = false
    /// How many requests may have theirs spooled at one time if that is more than may run or wait: the slow ones among
    /// them must not keep others from it. A worker that knows how many descriptors it may have sets it.
    package var spoolFileLimit = 0
    /// Where spooled request content waits until it has come whole: any directory with room.
    package var temporaryDirectory = "/var/tmp"

    /// Divides a part of a worker's descriptors among the sites that spool all content: a quarter, so that there are
    /// enough for connections, and no more than 1,024 for each.
    package static func divideDescriptors(_ limit: Int, among sites: inout [CGISite]) {
        let share = min(1024, limit / 4 / max(1, sites.count(where: \.spoolsContent)))
        for index in sites.indices { sites[index].spoolFileLimit = share }
    }

    package init(prefix: String, directory: String, documentRoot: String) {
        self.prefix = prefix
        self.directory = directory
        self.documentRoot = documentRoot
    }

    var prefixPath: [UInt8] { Router.segments(of: prefix) }

    /// Whether the prefix is written with a slash at its end, so that its address without one only leads there.
    var hasOwnSlash: Bool { prefix.utf8.last == ASCII.slash }

    /// Whether a script with this name is given to a program.
    package func hasInterpreter(for script: String) -> Bool { interpreter(for: [UInt8](script.utf8)) != nil }

    /// The program that a script with this name's extension is for; nil where it is executed itself.
    func interpreter(for script: [UInt8]) -> String? {
        let name = script[((script.lastIndex(of: ASCII.slash) ?? -1) + 1)...]
        guard !interpreters.isEmpty, let dot = name.lastIndex(of: ASCII.dot) else { return nil }
        return interpreters[String(decoding: name[dot...], as: UTF8.self)]
    }

    /// Whether the prefix without a slash behind it is answered for, too.
    package var answersForItself: Bool { program != nil || !indexNames.isEmpty || files != nil }

    /// Whether the server says what stands in a variable, so that nobody else may.
    package static func isReserved(_ variable: String) -> Bool {
        reservedNames.contains(variable) || reservedPrefixes.contains { variable.hasPrefix($0) }
    }

    private static let reservedPrefixes = ["HTTP_", "SSL_"]
    private static let reservedNames: Set<String> = [
        "GATEWAY_INTERFACE", "SERVER_SOFTWARE", "SERVER_NAME", "SERVER_PORT", "SERVER_ADDR", "SERVER_PROTOCOL",
        "REQUEST_SCHEME", "HTTPS", "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "CONTENT_LENGTH", "CONTENT_TYPE",
        "REQUEST_ID", "SCRIPT_NAME", "SCRIPT_FILENAME", "DOCUMENT_ROOT", "REDIRECT_STATUS", "PATH_INFO",
        "PATH_TRANSLATED", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "REMOTE_USER", "AUTH_TYPE",
    ]

    /// Requests whose content is kept in a file at one time: as many as may run or wait, and where all content is as many
    /// more as there are descriptors for.
    var spoolLimit: Int { max(concurrency + queueLength, spoolsContent ? spoolFileLimit : 0) }

    /// The bytes of such content at one time: as much as that of four requests may be.
    private var spoolByteLimit: Int {
        let (limit, isTooLarge) = contentByteLimit.multipliedReportingOverflow(by: 4)
        return isTooLarge ? .max : limit
    }

    /// The site as a gateway.
    var gateway: GatewaySettings {
        var settings = GatewaySettings()
        settings.timeout = timeout
        settings.contentByteLimit = contentByteLimit
        settings.outputByteLimit = outputByteLimit
        settings.concurrency = concurrency
        settings.queueLength = queueLength
        settings.queueTime = queueTime
        settings.descriptorCount = ScriptProcess.descriptorCount
        settings.awaitsContent = spoolsContent
        settings.contentDirectory = temporaryDirectory
        settings.contentFileLimit = spoolLimit
        settings.contentFileByteLimit = spoolByteLimit
        settings.messagesPlace = messagesPlace
        return settings
    }

    var metaVariables: MetaVariables.Settings {
        MetaVariables.Settings(
            variables: variables, documentRoot: documentRoot, serverSoftware: serverSoftware,
            passesAuthorization: passesAuthorization, namesUser: namesUser)
    }
}
