/// All that the operator asked for, whoever was told: the command line of `serve`, its environment, or a file.
///
/// Paths in it are absolute. Two that ask for the same are equal, wherever it was written.
package struct Configuration: Codable, Equatable, Sendable {
    /// Where connections are taken, in the order in which they were named.
    package var listeners: [Listening] = [Listening(ListeningAddress(host: "", port: 443), for: .https)]
    package var workers = WorkerCount.automatic
    /// Whose word about a client's address is taken: proxies in front of this server.
    package var trusted: [Network] = []
    package var unknownHost = UnknownHost.firstSite
    package var tls = TLS()
    package var timeouts = Timeouts()
    package var limits = WorkerLimits()
    package var logs = Logs()
    /// What each site begins with.
    package var defaults = Policy()
    package var sites: [Site] = []

    package init() {}
}

/// How many processes serve.
package enum WorkerCount: Codable, Equatable, Sendable {
    /// One for each processor.
    case automatic
    case exactly(Int)
}

/// Who answers a request whose Host no site has.
package enum UnknownHost: String, Codable, CaseIterable, Sendable {
    /// The first site, or the one that is marked.
    case firstSite = "default"
    /// Nobody: 421 (RFC 9110 §15.5.20).
    case reject
}

/// An address, and what is done with connections to it.
package struct Listening: Codable, Equatable, Sendable {
    package enum Purpose: String, Codable, CaseIterable, Sendable {
        /// TLS, and the sites behind it.
        case https
        /// Plain HTTP, answered with the same address by https.
        case redirect
        /// The sites without TLS: behind a balancer, or on this machine.
        case plain
    }

    package var address: ListeningAddress
    package var purpose: Purpose

    package init(_ address: ListeningAddress, for purpose: Purpose) {
        self.address = address
        self.purpose = purpose
    }
}

/// Where to listen, as it was written: a name is looked up when the socket is opened.
package struct ListeningAddress: Hashable, Codable, Sendable {
    /// Empty for every interface; an IPv6 address is without its brackets.
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// Which TLS is spoken, whatever the site.
package struct TLS: Codable, Equatable, Sendable {
    package enum Version: String, Codable, CaseIterable, Sendable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    package var minimum = Version.tls12
    /// The first is shown to clients that name no server or one that nobody here has.
    package var certificates: [CertificateFiles] = []
    /// The file that gets the secrets of every session; nil for none.
    package var keyLog: String?

    package init() {}
}

/// Where a certificate is. For which names it is good stands in itself.
package struct CertificateFiles: Codable, Equatable, Sendable {
    /// PEM: the server's certificate first, then its intermediates.
    package var chain = ""
    /// PEM: the private key; nil where the chain's file holds it, too.
    package var key: String?

    package init() {}
}

/// What is written down, and where.
package struct Logs: Codable, Equatable, Sendable {
    package enum Access: Codable, Equatable, Sendable {
        case standardOutput
        case none
        case file(String)
    }

    package enum Level: String, Codable, CaseIterable, Sendable {
        case debug, notice, warning, error
    }

    /// Where a line for each request goes.
    package var access = Access.standardOutput
    /// The least that is worth a line of the error log.
    package var level = Level.notice

    package init() {}
}
