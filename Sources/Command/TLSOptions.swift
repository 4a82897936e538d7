import ArgumentParser
import MartinetBytes
import MartinetPOSIX
import MartinetTLS

/// Who a server is, and which TLS it speaks.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A certificate chain in PEM. Repeatable; the first is the default, the others are chosen by server name.",
            valueName: "file"))
    var tlsCert: [String] = []

    @Option(
        help: ArgumentHelp("The private key of the certificate, unless that file holds it too.", valueName: "file"))
    var tlsKey: [String] = []

    @Option(
        help: ArgumentHelp("A further name in the development certificate. Repeatable.", valueName: "name"))
    var host: [String] = []

    @Option(help: ArgumentHelp("The oldest TLS version to accept.", valueName: "version"))
    var tlsMin: TLSConfiguration.Version = .tls12

    @Option(
        help: ArgumentHelp(
            "The authorities, in PEM, whose certificates clients may show; no other is taken.", valueName: "file"))
    var clientCa: String?

    @Option(
        help: ArgumentHelp(
            "Whether clients must show a certificate. One that is shown must be good with optional, too.",
            discussion: "(default: required with --client-ca, otherwise none)", valueName: "when"))
    var clientAuth: ClientAuth?

    @Option(
        help: ArgumentHelp(
            "Write the secrets of every session to a file, for Wireshark. Whoever reads it reads all traffic.",
            discussion: "(default: the value of SSLKEYLOGFILE, if set)", valueName: "file"))
    var keylog: String?

    func validate() throws {
        if let clientAuth, clientAuth != .off, clientCa == nil {
            throw ValidationError(
                "--client-auth \(clientAuth.rawValue) needs the authorities to trust: "
                    + "name their file with --client-ca, or ask for no certificates with --client-auth none.")
        }
        if !tlsKey.isEmpty, tlsCert.isEmpty {
            throw ValidationError("--tls-key needs the certificate it belongs to: give --tls-cert too.")
        }
        if !host.isEmpty, !tlsCert.isEmpty {
            throw ValidationError("--host names what a development certificate is for; with --tls-cert none is made.")
        }
        for name in host {
            if let problem = HostName.problem(with: name) { throw ValidationError("--host \(name.visible) \(problem)") }
        }
    }

    /// The file that gets the secrets of every session; nil for none.
    var keyLogPath: String? { keylog ?? ThisProcess.environment("SSLKEYLOGFILE") }

    /// The development certificate, made if need be; nil where certificates are given.
    ///
    /// - Parameter network: where other devices are to find this machine; nil for nowhere.
    func developmentCertificate(for network: LocalNetwork?) throws -> DevelopmentCertificate? {
        guard tlsCert.isEmpty else { return nil }
        let names = host + DevelopmentCertificate.defaultNames.filter { !host.contains($0) }
        return try DevelopmentCertificate(
            names: names, changing: (network?.names ?? []).filter { !names.contains($0) })
    }

    /// Nil where clients are not asked for certificates.
    private func clientAuthentication() throws -> TLSConfiguration.ClientAuthentication? {
        guard let clientCa, clientAuth != .off else { return nil }
        return try TLSConfiguration.ClientAuthentication(
            authoritiesAt: clientCa, isRequired: clientAuth != .optional)
    }

    /// The whole configuration, checked so that what is wrong with it is said before anything is started.
    func configuration(_ development: DevelopmentCertificate?) throws -> TLSConfiguration {
        let configuration = TLSConfiguration(
            identities: try development?.identities ?? Identities.read(chains: tlsCert, keys: tlsKey),
            minimumVersion: tlsMin, keyLogPath: keyLogPath,
            clientAuthentication: try clientAuthentication())
        do {
            _ = try TLSContext(configuration)
        } catch {
            if case .openKeyLog(let path) = error.action {
                throw ConfigurationError(
                    place: "\(keylog == nil ? "SSLKEYLOGFILE" : "--keylog") \(path)", problem: error.reason,
                    wayOut: "Name a file that this user may write; the secrets of every session are appended to it.")
            }
            throw ConfigurationError(
                place: "TLS", problem: error.description, wayOut: "Check --tls-cert and --tls-key.")
        }
        return configuration
    }
}

extension TLSConfiguration.Version: ExpressibleByArgument {}
