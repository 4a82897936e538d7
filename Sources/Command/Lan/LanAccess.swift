import Logging
import MartinetCrypto
import MartinetEvents
import MartinetPOSIX
import MartinetQRCode
import MartinetResponders

/// What `--lan` shows and gives to other devices.
struct LanAccess {
    let network: LocalNetwork
    let offer: TrustPage.Offer
    /// Whoever takes it has downloaded the authority's certificate; all workers share it.
    let permit: SharedPermit

    /// How long there is something to download.
    private static let time = Interval.seconds(600)

    /// - Parameter authorityPath: the file with the root that signs for local names and addresses.
    init(_ network: LocalNetwork, authorityPath: String) throws {
        try self.init(network, offer: TrustPage.Offer(authorityAt: authorityPath, until: .now + Self.time))
    }

    init(_ network: LocalNetwork, offer: TrustPage.Offer) throws {
        self.network = network
        self.offer = offer
        permit = try SharedPermit()
    }

    /// The time is over: nobody gets anything any more.
    func end(_ logger: Logger) {
        guard permit.take() else { return }
        logger.notice(
            "the trust page has ended: nobody has downloaded the certificate in \(Self.time.wholeSeconds / 60) minutes")
    }

    // MARK: The banner

    func pageURL(port: UInt16) -> String { "http://\(network.authority(port: port))\(TrustPage.path)" }

    func lines(port: UInt16) -> [String] {
        var phone = "phone          https://\(network.authority(port: port))/"
        if let name = network.name { phone += " or https://\(name):\(port)/" }
        return [
            phone,
            "trust page     \(pageURL(port: port)) (until the first download, \(Self.time.wholeSeconds / 60) minutes at most)",
            "compare with   SHA-256 \(offer.fingerprint)",
        ] + network.leftOutLines.map { "left out       \($0)" }
    }

    /// The code for a phone's camera, and what it needs to be held against.
    func codeLines(port: UInt16, _ colours: QRCode.Colours) -> [String] {
        guard let code = QRCode(pageURL(port: port)) else { return [] }
        return code.lines(colours) + [
            "Scan this with the phone. The SHA-256 on the page that it leads to has to be",
            offer.fingerprint,
        ]
    }

    /// How this process's terminal shows a code; nil where it shows none, or there is none.
    static var colours: QRCode.Colours? {
        colours(isTerminal: ThisProcess.isTerminal(ThisProcess.standardOutput), environment: ThisProcess.environment)
    }

    /// - Parameter environment: the value of a variable; nil where it is not set or empty.
    static func colours(isTerminal: Bool, environment: (String) -> String?) -> QRCode.Colours? {
        guard isTerminal, let kind = environment("TERM"), kind != "dumb" else { return nil }
        return environment("NO_COLOR") == nil ? .fixed : .own
    }
}

extension TrustPage.Offer {
    /// The root in a file.
    init(authorityAt path: String, until deadline: MonotonicTime) throws {
        let anchor = try TrustAnchor(file: path)
        guard let certificate = Base64.decode([UInt8](anchor.body.joined().utf8).span) else {
            throw ConfigurationError(
                place: path, problem: "It holds no certificate.",
                wayOut: "Move it away:\n  mv \(path.shellQuoted) \("\(path).other".shellQuoted)")
        }
        self.init(
            certificate: certificate, name: anchor.commonName, fingerprint: anchor.fingerprint, deadline: deadline)
    }
}
