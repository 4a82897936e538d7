import ArgumentParser
import MartinetTLS

enum Version {
    static let number = "0.1.0"
    /// The program's version and that of the OpenSSL it runs on.
    static var text: String { "martinet \(number), \(TLSContext.libraryVersion)" }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version, and that of the OpenSSL in use.")

    func run() {
        print(Version.text)
    }
}
