import MartinetBytes
import MartinetPOSIX
import MartinetTLS

/// A request (CSR) that is to be signed.
enum RequestFile {
    /// Reads the one request in a file, and what it asks for, checked as what is typed is.
    static func read(
        _ path: String, isForClients: Bool
    ) throws -> (request: CertificateRequest, names: [String], commonName: String?) {
        let place = "--csr \(path.visible)"
        let contents = CredentialContents(try CredentialReading.read(path, place: place))
        guard contents.requests.count == 1, let request = contents.requests.first else {
            let found =
                contents.file.kinds.first.map { "It holds \($0.words)" } ?? "It holds nothing that is known here"
            let many = contents.requests.count > 1 ? "It holds \(contents.requests.count) requests" : found
            throw ConfigurationError(
                place: place, problem: "\(many.visible), not one certificate request.",
                wayOut:
                    "`martinet cert show \(path.shellQuoted)` tells what is in it; `openssl req -new -key KEY -subj /CN=NAME "
                    + "-addext subjectAltName=DNS:NAME -out \(path.shellQuoted)` makes a request.")
        }
        guard request.isSigned else {
            throw ConfigurationError(
                place: place,
                problem: "Its signature is not that of its key, so that who made it may not have the key.",
                wayOut: "Copy it again from where it was made, or have it made anew.")
        }
        if let weakness = request.key.weakness {
            throw ConfigurationError(
                place: place, problem: "Its key is too weak, \(weakness): clients would refuse the certificate.",
                wayOut: "Have it made anew with a key on P-256, or RSA of 2048 bits.")
        }
        var names = request.names.map(\.text)
        let commonName = request.commonName
        // Those who know no other names ask by this one.
        let isHost =
            HostName.isValid(commonName) && (commonName.contains(".") || AuthorityScope(for: commonName) == .local)
        if names.isEmpty, !isForClients, isHost { names = [commonName] }
        if names.isEmpty, !isForClients {
            throw ConfigurationError(
                place: place, problem: "It asks for no name of a server (subjectAltName).",
                wayOut: "Make it with `-addext subjectAltName=DNS:NAME`, or give --client for a client's certificate.")
        }
        if let problem = CertNew.problem(with: names, isForClients: isForClients) {
            throw ConfigurationError(
                place: place, problem: problem, wayOut: "Make a request for names that can be certified here.")
        }
        let isUsable =
            !commonName.isEmpty && CertificateName.problem(withCommonName: commonName, among: names) == nil
            && SocketAddress(host: commonName, port: 0) == nil
        if names.isEmpty, !isUsable {
            throw ConfigurationError(
                place: place, problem: "It says of no client who that is: there is neither a name nor a common name.",
                wayOut: "Make it with `-subj /CN=NAME`.")
        }
        return (request, names, isUsable ? commonName : nil)
    }
}

/// The password of a PKCS #12, from a file.
enum BundlePassword {
    /// The first line, in printable ASCII: programs differ in what they make of other characters.
    static func read(_ path: String) throws -> SecretBytes {
        let place = "--password-file \(path.visible)"
        let line = try firstLine(path, place)
        let isPlain = line.withSpan { bytes in
            (0..<bytes.count).allSatisfy { bytes[$0] >= 0x20 && bytes[$0] < 0x7F }
        }
        guard isPlain, (6...128).contains(line.count) else {
            throw ConfigurationError(
                place: place, problem: "Its first line is no password of 6 to 128 characters in ASCII.",
                wayOut:
                    "Java refuses shorter ones, and programs differ in what they make of other characters; `openssl rand "
                    + "-hex 12 > FILE` makes one.")
        }
        return line
    }

    /// The first line, whatever it is, for what others have encrypted.
    static func firstLine(_ path: String, _ place: String) throws -> SecretBytes {
        try CredentialReading.read(path, place: place).withSpan { bytes in
            var end = 0
            while end < bytes.count, bytes[end] != ASCII.lineFeed { end += 1 }
            if end > 0, bytes[end - 1] == ASCII.carriageReturn { end -= 1 }
            return SecretBytes(bytes.extracting(0..<end))
        }
    }
}

/// Reads files of certificates and keys, in bounded time and memory.
enum CredentialReading {
    /// Twenty times what the bundles of all authorities have.
    static let byteLimit = 4 << 20

    /// - Parameter path: "-" for standard input.
    static func read(_ path: String, place: String) throws -> SecretBytes {
        let source = path == "-" ? "/dev/stdin" : path
        // Waiting for a FIFO's writer would be waiting for ever; whoever writes to our input is there.
        if path != "-", let status = WholeFile.status(path), status.kind != .regular {
            throw ConfigurationError(
                place: place, problem: status.kind == .directory ? "It is a directory." : "It is no regular file.",
                wayOut: "Name a file; - is standard input.")
        }
        do {
            let content = try SecretBytes.read(source)
            guard content.count <= byteLimit else {
                throw ConfigurationError(
                    place: place, problem: "It is larger than \(byteLimit >> 20) MiB, which no certificate or key is.",
                    wayOut: "Name the file with the certificate.")
            }
            return content
        } catch let error as SystemError {
            throw ConfigurationError(
                place: place, problem: error.reason + ".", wayOut: "Name a file which this user can read.")
        }
    }
}
