import FoundationEssentials
import MartinetPOSIX

/// The user's browser, for `--open`.
enum Browser {
    /// Why none is opened.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    /// Opens a URL, and waits for nothing.
    ///
    /// - Returns: a line for the operator where that is not done.
    static func open(_ url: String) -> String? {
        let environment = ProcessInfo.processInfo.environment
        do throws(Refusal) {
            let words = try words(
                for: url, environment: { environment[$0].flatMap { $0.isEmpty ? nil : $0 } },
                isRoot: ThisProcess.isRoot, find: find)
            let program = MartinetPOSIX.Program(
                path: [UInt8](words[0].utf8), arguments: WordList(words),
                environment: WordList(cleaned(environment).map { "\($0.key)=\($0.value)" }),
                directory: [UInt8]("/".utf8))
            do throws(SystemError) {
                try ChildProcess.startDetached(program)
            } catch {
                throw Refusal(reason: "\(words[0]): \(error.reason)")
            }
        } catch {
            return "--open: \(error.reason); open \(url) yourself"
        }
        return nil
    }

    /// The words of the command that opens a URL: what BROWSER says, or the desktop's.
    ///
    /// - Parameters:
    ///   - environment: the value of a variable; nil where it is not set or empty.
    ///   - find: the path of a program; nil where there is none of the name.
    static func words(
        for url: String, environment: (String) -> String?, isRoot: Bool, find: (String) -> String?
    ) throws(Refusal) -> [String] {
        if let wish = environment("BROWSER") {
            // Commands with colons between them, the first that is there; %s stands for the URL.
            for command in wish.split(separator: ":") {
                let words = command.split(separator: " ").map(String.init)
                guard let name = words.first, let path = find(name) else { continue }
                let rest = words.dropFirst()
                let hasPlace = rest.contains { $0.contains("%s") }
                return [path] + rest.map { $0.replacing("%s", with: url) } + (hasPlace ? [] : [url])
            }
            throw Refusal(reason: "BROWSER names no program that is there (\(wish))")
        }
        if isRoot { throw Refusal(reason: "a browser is not started as root unless BROWSER names one") }
        if environment("WSL_DISTRO_NAME") != nil, let viewer = find("wslview") { return [viewer, url] }
        guard environment("DISPLAY") != nil || environment("WAYLAND_DISPLAY") != nil else {
            throw Refusal(reason: "there is no display here (DISPLAY and WAYLAND_DISPLAY are not set)")
        }
        guard let opener = find("xdg-open") else {
            throw Refusal(reason: "xdg-open is not installed (package xdg-utils)")
        }
        return [opener, url]
    }

    /// Without what is meant for this server: options, and the file for the secrets of its sessions, where the browser would
    /// write those of all of its own.
    static func cleaned(_ environment: [String: String]) -> [String: String] {
        environment.filter { !$0.key.hasPrefix("MARTINET_") && $0.key != "SSLKEYLOGFILE" }
    }

    private static func find(_ name: String) -> String? {
        name.hasPrefix("/") ? (Tool.isProgram(name) ? name : nil) : name.contains("/") ? nil : Tool(name)?.path
    }
}
