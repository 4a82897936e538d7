import MartinetCompression
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetResponders
import MartinetTestSupport
import Testing

/// A file responder over a directory of its own.
struct Site {
    let folder: TemporaryDirectory
    let responder: FileResponder
    let log = Log()

    /// What an operator was told.
    final class Log {
        var lines: [String] = []
    }

    /// - Parameter helpers: nil for a responder that does everything at once.
    init(helpers: HelperThreads? = nil, _ change: (inout FileSite) -> Void = { _ in }) throws {
        folder = try TemporaryDirectory()
        try folder.makeDirectory("root")
        var site = FileSite(root: folder.path("root"))
        change(&site)
        let log = log
        responder = FileResponder(site, mediaTypes: MediaTypes(site.mediaTypes), helpers: helpers) {
            log.lines.append($0)
        }
        folder.enter("root")
    }

    static func withOddThings(_ change: (inout FileSite) -> Void = { _ in }) throws -> Site {
        let site = try Site(change)
        try site.folder.makeFile("file.txt", "content")
        try site.folder.makeFile("../outside", "secret")
        try site.folder.makeDirectory("sub")
        try site.folder.makeDirectory(".git")
        for name in [".hidden", "sub/.hidden", ".git/config"] { try site.folder.makeFile(name, "secret") }
        try site.folder.makeFIFO("fifo")
        try site.folder.makeLink("out", to: "../outside")
        try site.folder.makeLink("out-absolute", to: "/etc/passwd")
        try site.folder.makeLink("system", to: "/etc")
        try site.folder.makeLink("dangling", to: "none")
        try site.folder.makeLink("circle", to: "circle")
        try site.folder.makeLink("inside", to: "file.txt")
        try site.folder.makeLink("inside-absolute", to: site.folder.path("file.txt"))
        return site
    }

    func get(
        _ path: String, query: String? = nil, method: MartinetHTTP.Method = .get, _ fields: [(String, String)] = [],
        at arrival: MonotonicTime = .start
    ) throws -> WholeAnswer {
        try responder.answer(Request(path, query: query, method: method, fields, at: arrival))
    }
}

/// A gzip file of one member that holds the text.
func gzipFile(_ text: String) throws -> [UInt8] { try GzipEncoder().encodeAll([UInt8](text.utf8)) }

extension Responder {
    /// The whole answer, with a streamed content read to its end.
    ///
    /// - Parameter time: when it is asked for; when the request came where none is given.
    func answer(_ request: Request, until time: MonotonicTime? = nil) throws -> WholeAnswer {
        switch open(request) {
        case .complete(let response): return WholeAnswer(response)
        case .prepared(let prepared, let user): return WholeAnswer(prepared.response(for: user))
        case .exchange(let exchange, let decoration):
            let now = time ?? request.arrival
            let exchange = DrivenExchange(exchange, decoration, now: request.arrival)
            exchange.endContent()
            let response = try exchange.awaitedResponse(now)
            guard case .stream(let length) = response.content else { return WholeAnswer(response) }
            return WholeAnswer(response, bytes: try exchange.remainder(), byteCount: length, isStreamed: true)
        }
    }
}

extension Answer {
    /// The response that is at hand; nil for an exchange.
    var response: Response? {
        switch self {
        case .complete(let response): response
        case .prepared(let prepared, let user): prepared.response(for: user)
        case .exchange: nil
        }
    }

    /// The exchange, begun; nil for a response that is at hand.
    var driven: DrivenExchange? {
        guard case .exchange(let exchange, let decoration) = self else { return nil }
        return DrivenExchange(exchange, decoration)
    }
}

extension DrivenExchange {
    /// Waits for what the exchange waits for, as a connection would.
    func awaitWaits(_ now: MonotonicTime = .start) throws {
        try wait(at: now)
    }

    /// The response, once it is there.
    func awaitedResponse(_ now: MonotonicTime = .start) throws -> Response {
        advance(now)
        while true {
            if let response { return response }
            try awaitWaits(now)
        }
    }

    /// What it produces from here to its end.
    func remainder(piece byteCount: Int = 10_000) throws -> [UInt8] {
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: byteCount)
        while true {
            var room = piece.mutableSpan
            let production = produce(into: &room)
            if production == .notYet {
                try awaitWaits()
                continue
            }
            guard case .bytes(let count) = production else {
                #expect(production == .end)
                return content
            }
            try #require(count > 0 && count <= byteCount)
            content += piece.prefix(count)
        }
    }
}

/// A response and all of its content.
struct WholeAnswer {
    let status: StatusCode
    let fields: String
    let bytes: [UInt8]
    /// The length announced.
    let byteCount: Int?
    let isStreamed: Bool
    /// Whom it is for.
    let user: String?

    /// Of a response whose content is at hand.
    init(_ response: Response) {
        switch response.content {
        case .none: self.init(response, bytes: [], byteCount: 0, isStreamed: false)
        case .bytes(let bytes): self.init(response, bytes: bytes, byteCount: bytes.count, isStreamed: false)
        // As HEAD is answered.
        case .stream(let length): self.init(response, bytes: [], byteCount: length, isStreamed: true)
        case .tunnel, .message: self.init(response, bytes: [], byteCount: nil, isStreamed: true)
        }
    }

    init(_ response: Response, bytes: [UInt8], byteCount: Int?, isStreamed: Bool) {
        status = response.status
        fields = response.fields.lines
        self.bytes = bytes
        self.byteCount = byteCount
        self.isStreamed = isStreamed
        user = response.user.map { String(decoding: $0, as: UTF8.self) }
    }

    var content: String { String(decoding: bytes, as: UTF8.self) }

    /// The value of the first line with this name.
    subscript(name: String) -> String? { values(of: name).first }

    func values(of name: String) -> [String] {
        fields.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("\(name.lowercased()): ") }
            .map { String($0.dropFirst(name.utf8.count + 2)) }
    }

    var names: [String] { fields.split(separator: "\r\n").map { String($0.prefix { $0 != ":" }) } }
}
