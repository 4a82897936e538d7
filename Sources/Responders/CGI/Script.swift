import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A script of a site, which is started for one request.
final class Script: GatewayOrigin {
    private let site: CGISite
    private let location: ScriptLocation
    private let reaper: ChildReaper
    /// What a script without content reads.
    private let nullInput: CInt
    private let log: GatewayLog
    private let path: [UInt8]

    /// - Parameters:
    ///   - reaper: has the script in its care from its start.
    ///   - nullInput: the null device.
    init(_ site: CGISite, _ location: ScriptLocation, _ reaper: ChildReaper, nullInput: CInt, _ log: GatewayLog) {
        self.site = site
        self.location = location
        self.reaper = reaper
        self.nullInput = nullInput
        self.log = log
        path = Self.path(location, site)
    }

    /// Where a site's script is.
    static func path(_ location: ScriptLocation, _ site: CGISite) -> [UInt8] {
        [UInt8](site.directory.utf8) + [ASCII.slash] + location.script
    }

    /// Whether the script writes the whole message, status line and all (RFC 3875 §5), is said by its name.
    var form: GatewayHead.Form {
        let name = location.script[((location.script.lastIndex(of: ASCII.slash) ?? -1) + 1)...]
        return name.starts(with: "nph-".utf8) ? .message : .header
    }

    let readsFiles = true

    /// Starts the script in its own directory.
    func begin(
        _ request: borrowing Request, _ content: GatewayContent, occupying occupied: [AnyObject],
        _ host: inout ExchangeHost
    ) throws(GatewayFailure) -> any GatewayBackend {
        let interpreter = site.interpreter(for: location.script)
        let input: ScriptProcess.Input
        switch content {
        case .none: input = .none(nullInput)
        case .written: input = .pipe
        case .file(let descriptor): input = .file(descriptor)
        }
        let terms = ScriptProcess.Terms(
            reaper: reaper, time: site.totalTime, finishingTime: site.timeout,
            name: String(decoding: path, as: UTF8.self), log: log)
        do throws(SystemError) {
            return try ScriptProcess(program(request, interpreter), input, terms, occupying: occupied, &host)
        } catch {
            if let interpreter { throw GatewayFailure(starting: error, interpreter: interpreter) }
            throw GatewayFailure(
                starting: error, isExecutable: WholeFile.mayExecute(path), firstLine: Self.firstLine(path))
        }
    }

    private func program(_ request: borrowing Request, _ interpreter: String?) -> Program {
        let variables = CGIVariables(copy request, location, site)
        var arguments = WordList()
        if let interpreter { arguments.append(interpreter.utf8) }
        arguments.append(path)
        if interpreter == nil { for word in variables.searchWords { arguments.append(word) } }
        let directory = path[..<(path.lastIndex(of: ASCII.slash) ?? 0)]
        return Program(
            path: interpreter.map { [UInt8]($0.utf8) } ?? path, arguments: arguments,
            environment: variables.environment(identifier: log.identifier), directory: [UInt8](directory),
            limits: site.limits)
    }

    /// A file's first line if it begins with `#!`, a DOS line end included; looked at when it cannot be executed.
    private static func firstLine(_ path: [UInt8]) -> String? {
        guard let file = try? FileDescriptor.open(path, for: .reading) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 256)
        var room = buffer.mutableSpan
        guard let count = try? file.read(into: &room, at: 0) else { return nil }
        let line = buffer[..<count].prefix { $0 != ASCII.lineFeed }
        return line.starts(with: "#!".utf8) ? String(decoding: line, as: UTF8.self) : nil
    }
}

extension GatewayWords {
    static let script = GatewayWords(noun: "script", begun: "started", ended: "ended")
}
