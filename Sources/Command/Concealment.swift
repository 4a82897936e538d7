import MartinetBytes
import MartinetPOSIX
import MartinetResponders

/// What options name that is not for clients, and which option does.
struct Concealment {
    private struct Item {
        let option: String
        let path: String
    }

    private var files: [Item] = []
    private var directories: [Item] = []
    /// Of scripts. That they lie in the folder is usual, and the start-up message names them.
    private var scriptDirectories: [String] = []
    /// Of programs that answer for all of a prefix.
    private var scriptFiles: [String] = []
    /// The extensions of scripts that others execute.
    private var scriptEndings: [String] = []

    init(
        _ security: TLSOptions, _ site: SiteOptions, _ programs: CGIOptions, _ logs: LogOptions, _ scripts: [CGISite]
    ) {
        add("--tls-key", security.tlsKey)
        // A chain is for everybody, unless its file holds the key as well.
        add("--tls-cert", security.tlsCert.filter { security.tlsKey.isEmpty || Self.holdsKey($0) })
        add("--client-ca", security.clientCa)
        add("--keylog", security.keyLogPath)
        add("--auth-file", site.authFile)
        add("--access-log", logs.accessPath)
        for (option, stream) in [
            ("standard output", ThisProcess.standardOutput), ("standard error", ThisProcess.standardError),
        ] { add(option, Self.filePath(of: stream)) }
        if let place = AuthorityFolder.place {
            directories.append(Item(option: "the development authority", path: place))
        }
        scriptDirectories = scripts.filter { $0.program == nil }.map(\.directory)
        scriptFiles = scripts.compactMap { site in site.program.map { "\(site.directory)/\($0)" } }
        scriptEndings = scripts.first?.interpreters.keys.sorted() ?? []
        for site in scripts { add("--cgi-interpreter", Array(site.interpreters.values)) }
    }

    private mutating func add(_ option: String, _ path: String?) {
        add(option, path.map { [$0] } ?? [])
    }

    private mutating func add(_ option: String, _ paths: [String]) {
        for path in paths {
            let path = WholeFile.absolutePath(path)
            if !files.contains(where: { $0.path == path }) { files.append(Item(option: option, path: path)) }
        }
    }

    var paths: ConcealedPaths {
        var paths = ConcealedPaths()
        paths.files = files.map(\.path) + scriptFiles
        paths.directories = directories.map(\.path) + scriptDirectories
        return paths
    }

    /// What is concealed in another folder that an option names, and what counts as a program there: scripts are sent to
    /// nobody, but of a directory of theirs all that is none is, where the operator wants so.
    func exposure(of folder: String) -> (ConcealedPaths, ProgramExclusion?) {
        let isAmongScripts: (String) -> Bool = { WholeFile.relativePath(folder, beneath: $0) != nil }
        guard scriptDirectories.contains(where: isAmongScripts) else { return (paths, nil) }
        var paths = paths
        paths.directories = directories.map(\.path) + scriptDirectories.filter { !isAmongScripts($0) }
        return (paths, ProgramExclusion(endings: scriptEndings))
    }

    /// What an operator should hear: what lies in the folder although it is not for clients, in one line.
    func warnings(root: String) -> [String] {
        var warnings: [String] = []
        let inside = (files + directories).compactMap { item in
            WholeFile.relativePath(item.path, beneath: root).map { "\($0) (\(item.option))" }
        }
        if !inside.isEmpty {
            warnings.append(
                "in \(root), but neither served nor listed: \(inside.joined(separator: ", ")); "
                    + "the safe place for what is not for clients is outside of it")
        }
        for item in directories where WholeFile.relativePath(root, beneath: item.path) != nil {
            warnings.append("no file is served: \(root) lies in \(item.path), which holds \(item.option)'s key")
        }
        if let directory = try? Directory(root, concealing: paths), directory.concealed?.isPartial == true {
            warnings.append(
                "a directory of scripts holds more than can be told apart from other files: "
                    + "those with several hard links are not served")
        }
        return warnings
    }

    private static func holdsKey(_ path: String) -> Bool {
        let content = try? SecretBytes.read(path)
        let mark = [UInt8]("PRIVATE KEY-----".utf8)
        return content?.withSpan { content in
            (0..<max(0, content.count - mark.count + 1)).contains {
                content.extracting($0..<$0 + mark.count).isEqual(to: mark)
            }
        } ?? false
    }

    /// The path of the file that a standard stream is written to; nil for pipes, terminals and the like.
    private static func filePath(of stream: CInt) -> String? {
        guard let path = try? FileDescriptor.location(of: stream) else { return nil }
        let text = String(decoding: path, as: UTF8.self)
        return WholeFile.status(text)?.kind == .regular ? text : nil
    }
}
