/// Commands that have others trust the development authorities: other hosts, containers, devices, and tools that look at no
/// store of this machine.
struct TrustInstructions {
    let anchors: [TrustAnchor]
    /// The folder with the authorities.
    let place: String
    let stores: [any TrustStore]

    var text: String {
        sections.map { title, lines in ([title] + lines.map { "  \($0)" }).joined(separator: "\n") }
            .joined(separator: "\n\n")
    }

    private var files: [String] { anchors.compactMap(\.path) }
    private var first: String { files.first ?? "\(place)/authority.pem" }
    private var bundle: String { "\(place)/bundle.pem" }

    private var sections: [(String, [String])] {
        [("# This host", stores.flatMap(commands))] + [tools, containers, computers, devices].flatMap(\.self)
    }

    private func commands(_ store: any TrustStore) -> [String] {
        let commands = store.commands(adding: anchors)
        return store.needsRoot ? commands.map { "sudo \($0)" } : commands
    }

    // MARK: Tools

    /// Makes a file of the system's authorities and these: tools that are given a file look at no other.
    private var bundling: String {
        let system = SystemTrustStore.bundle ?? "/etc/ssl/certs/ca-certificates.crt"
        return "cat \(([system] + files).map(\.shellQuoted).joined(separator: " ")) > \(bundle.shellQuoted)"
    }

    private var tools: [(String, [String])] {
        let quoted = first.shellQuoted
        let node = files.count == 1 ? quoted : bundle.shellQuoted
        return [
            (
                "# curl: one call, or all of them",
                ["curl --cacert \(quoted) https://localhost:8443/"]
                    + [bundling, "export CURL_CA_BUNDLE=\(bundle.shellQuoted)"]
            ),
            (
                "# git: for this server alone",
                ["git config --global http.https://localhost:8443/.sslCAInfo \(quoted)"]
            ),
            (
                "# Node (18 and later): in addition to its own authorities",
                (files.count == 1 ? [] : [bundling]) + ["export NODE_EXTRA_CA_CERTS=\(node)"]
            ),
            (
                "# Python: requests and pip have authorities of their own; ssl and urllib read the second variable",
                [bundling, "export REQUESTS_CA_BUNDLE=\(bundle.shellQuoted) SSL_CERT_FILE=\(bundle.shellQuoted)"]
            ),
            (
                "# Java: a store for one program, with no authority but these",
                zip(anchors, files).map { anchor, file in
                    "keytool -importcert -noprompt -storetype PKCS12 -keystore \("\(place)/java.p12".shellQuoted) "
                        + "-storepass changeit -alias \(anchor.nickname) -file \(file.shellQuoted)"
                } + [
                    "java -Djavax.net.ssl.trustStore=\("\(place)/java.p12".shellQuoted) "
                        + "-Djavax.net.ssl.trustStorePassword=changeit …"
                ]
            ),
        ]
    }

    // MARK: Other machines

    private var containers: [(String, [String])] {
        let copies = zip(anchors, files).map { "cp \($1.shellQuoted) \($0.nickname).crt" }
        let names = anchors.map { "\($0.nickname).crt" }
        let folder = "/usr/local/share/ca-certificates/"
        return [
            ("# Dockerfile: beside it", copies),
            (
                "# … and in it: Debian, Ubuntu",
                ["COPY \(names.joined(separator: " ")) \(folder)"] + [
                    "RUN apt-get update && apt-get install -y ca-certificates && update-ca-certificates"
                ] + names.prefix(1).map { "ENV NODE_EXTRA_CA_CERTS=\(folder)\($0)" }
            ),
            (
                "# … Alpine",
                [
                    "COPY \(names.joined(separator: " ")) \(folder)",
                    "RUN apk add --no-cache ca-certificates && update-ca-certificates",
                ]
            ),
            (
                "# … Fedora",
                [
                    "COPY \(names.joined(separator: " ")) /etc/pki/ca-trust/source/anchors/",
                    "RUN update-ca-trust extract",
                ]
            ),
        ]
    }

    private var computers: [(String, [String])] {
        let names = anchors.map { "\($0.nickname).crt" }
        return [
            (
                "# WSL: the browsers of Windows (asks for consent; untried here)",
                files.map { "certutil.exe -user -addstore Root \"$(wslpath -w \($0.shellQuoted))\"" }
            ),
            (
                "# Windows: with the file copied there (asks for consent; untried here)",
                names.map { "certutil -user -addstore Root \($0)" }
            ),
            (
                "# macOS: with the file copied there (asks for the password; untried here)",
                names.map {
                    "security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db \($0)"
                }
            ),
        ]
    }

    private var devices: [(String, [String])] {
        let file = "Send \(first) to the device, as authority.crt: by mail, AirDrop or a cable."
        return [
            (
                "# iOS, iPadOS (untried here)",
                [
                    file, "Settings > General > VPN & Device Management > the profile > Install.",
                    "Settings > General > About > Certificate Trust Settings > switch it on.",
                ]
            ),
            (
                "# Android (untried here; the menus differ)",
                [
                    file,
                    "Settings > Security > Encryption & credentials > Install a certificate > CA certificate.",
                    "Chrome trusts it then; apps only if their network security configuration says so.",
                    "Firefox: Settings > About Firefox > tap the logo five times; then Settings > Secret Settings > "
                        + "Use third party CA certificates.",
                ]
            ),
        ]
    }
}
