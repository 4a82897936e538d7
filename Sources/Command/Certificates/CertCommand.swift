import ArgumentParser

/// `martinet cert`: certificates for development, beside those that `serve` makes for itself.
struct CertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cert",
        abstract: "Certificates for development: who trusts them.",
        subcommands: [CertTrust.self, CertUntrust.self, CertStatus.self])
}
