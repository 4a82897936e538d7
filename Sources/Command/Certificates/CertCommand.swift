import ArgumentParser

/// `martinet cert`: certificates for development, beside those that `serve` makes for itself.
struct CertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cert",
        abstract: "Certificates for development: make them, look at them, have this machine trust them.",
        subcommands: [CertNew.self, CertShow.self, CertTrust.self, CertUntrust.self, CertStatus.self])
}
