import ArgumentParser
import Glibc
import MartinetBytes
import MartinetPOSIX

/// The command. Exit status: 0 fine, 1 failed while running, 2 wrong usage, 3 configuration or certificate invalid.
@main
enum Program {
    static func main() {
        do {
            // Not a command for people, and started too often to go through the argument parser.
            if let worker = RunWorker(CommandLine.arguments) { return try worker.run() }
            let words = CommandLineWords(Array(CommandLine.arguments.dropFirst()))
            if let mistake = words.mistake(isFolder: { WholeFile.status($0)?.kind == .directory }) {
                throw ValidationError(mistake)
            }
            var command = try Martinet.parseAsRoot(EnvironmentOptions.adding(to: words))
            try command.run()
        } catch let error as ConfigurationError {
            fail(error.description, status: 3)
        } catch let error as RuntimeFailure {
            fail(error.description, status: 1)
        } catch {
            let code = Martinet.exitCode(for: error)
            if code == .success {
                print(Martinet.fullMessage(for: error))
                exit(0)
            }
            StandardError.write(Martinet.fullMessage(for: error))
            exit(code == .validationFailure ? 2 : code.rawValue)
        }
    }

    private static func fail(_ message: String, status: CInt) -> Never {
        StandardError.write("martinet: \(message)")
        exit(status)
    }
}

struct Martinet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martinet",
        abstract: "A TLS-terminating HTTPS server.",
        discussion: """
            In a folder, `martinet` alone serves it at https://localhost:8443/ with a certificate from a local \
            authority, made on first use.

            EXAMPLES
              martinet                          serve this folder
              martinet serve ~/site --port 9443
              martinet serve --listen :443 --tls-cert site.pem --tls-key site.key /srv/www
              martinet cert trust               browsers and tools of this machine accept it
              martinet cert new app.test        a certificate for another server
              martinet help serve               every option
            """,
        version: Version.text,
        subcommands: [Serve.self, CertCommand.self, VersionCommand.self],
        defaultSubcommand: Serve.self)
}

/// Something that stops a server that was configured well.
struct RuntimeFailure: Error, CustomStringConvertible {
    let description: String
}

/// A message about something that the operator must change: what, where, and the way out.
struct ConfigurationError: Error, CustomStringConvertible {
    /// The option and its value, or the file.
    let place: String
    let problem: String
    let wayOut: String

    var description: String { "\(place): \(problem)\n\(wayOut)" }
}

/// What a command puts out, at once: a reader sees each line when it is there.
enum StandardOutput {
    static func write(_ text: String) {
        guard let stream = try? FileDescriptor.duplicate(ThisProcess.standardOutput) else { return }
        let bytes = [UInt8]((text + "\n").utf8)
        var start = 0
        while start < bytes.count {
            guard case .bytes(let count) = try? stream.write(bytes.span.extracting(start..<bytes.count)) else { return }
            start += count
        }
    }
}

/// Text for the person at the terminal, beside what the program puts out.
enum StandardError {
    static func write(_ text: String) {
        guard let stream = try? FileDescriptor.duplicate(ThisProcess.standardError) else { return }
        _ = try? stream.writeWithoutWaiting([UInt8]((text + "\n").utf8).span)
    }
}
