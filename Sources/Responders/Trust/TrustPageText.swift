import MartinetCrypto
import MartinetHTTP

/// The page that says how a phone is told to trust an authority: for small screens, without scripts or anything from
/// elsewhere.
struct TrustPageText {
    static let profileName = "martinet.mobileconfig"
    static let certificateName = "martinet.crt"

    let offer: TrustPage.Offer
    /// The host and port of this server, as the client knows it; nil where no certificate here is for that host.
    let authority: String?

    /// What a browser may do with the page (CSP): show it, in its own style.
    static let policy: String = {
        let digest = String(decoding: Base64.encode(Digest.sha256([UInt8](style.utf8))), as: UTF8.self)
        return """
            default-src 'none'; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'; \
            frame-ancestors 'none'
            """
    }()

    private static let style = """
        :root{color-scheme:light dark;--line:#8886;--link:#0645ad;--button:#0b57d0}
        @media(prefers-color-scheme:dark){:root{--link:#8ab4f8}}
        body{font:17px/1.5 system-ui,sans-serif;max-width:36em;margin:0 auto;padding:1em 1em 3em}
        h1{font-size:1.5em;line-height:1.2;margin:.5em 0}
        h2{font-size:1.2em;margin:0 0 .5em}
        section{border:1px solid var(--line);border-radius:12px;padding:1em;margin:1.25em 0}
        ol{padding-left:1.4em;margin:.75em 0 0}
        section>:last-child{margin-bottom:0}
        li{margin:.5em 0}
        a{color:var(--link)}
        a.button{display:block;text-align:center;padding:.8em 1em;border-radius:10px;background:var(--button);color:#fff;\
        font-weight:600;text-decoration:none}
        code{display:block;font:15px/1.6 ui-monospace,monospace;overflow-wrap:anywhere;margin:.5em 0 0}
        .small{font-size:.88em}
        """

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Trust this development server</title>
        <style>\(Self.style)</style>
        <h1>Trust this development server</h1>
        <p>After these steps this device opens the server's pages without a warning. The authority it is told of can sign
        for local names and private addresses only, not for other sites.</p>
        <section>
        <h2>First compare</h2>
        <p>This page came over a connection that anybody on the network can change. The certificate is the server's only if
        its SHA-256 fingerprint is the one that <strong>the terminal</strong> shows to compare with:</p>
        <code>\(fingerprint)</code>
        </section>
        \(apple)
        \(android)
        <section>
        <h2>Other devices</h2>
        <p>Take <a href="\(link(Self.certificateName))">the certificate</a> (DER). On the server,
        <b>martinet cert trust --print</b> has the commands for computers and tools.</p>
        </section>
        \(ending)
        </html>

        """
    }

    private var apple: String {
        """
        <section>
        <h2>iPhone, iPad</h2>
        <a class="button" href="\(link(Self.profileName))">Get the profile</a>
        <ol>
        <li>In Safari, tap the button and <b>Allow</b>.</li>
        <li>Open <b>Settings</b>, tap <b>Profile Downloaded</b> (or General, VPN &amp; Device Management), then
        <b>Install</b>. <b>More Details</b> shows the fingerprint.</li>
        <li>In <b>Settings, General, About, Certificate Trust Settings</b>, switch
        “\(HTML.escaped(offer.name))” on.</li>
        </ol>
        </section>
        """
    }

    private var android: String {
        """
        <section>
        <h2>Android</h2>
        <a class="button" href="\(link(Self.certificateName))">Get the certificate</a>
        <ol>
        <li>Tap the button; <b>Keep</b> the file if the browser asks.</li>
        <li>In <b>Settings</b>, search for <b>CA certificate</b> (Security, Encryption &amp; credentials, Install a
        certificate), tap it, <b>Install anyway</b>, and choose <b>\(Self.certificateName)</b>.</li>
        <li><b>Trusted credentials, User</b>, shows it with its fingerprint.</li>
        <li>Chrome trusts it then. Firefox does after <b>Settings, About Firefox</b>, five taps on the logo, and
        <b>Settings, Secret Settings, Use third party CA certificates</b>.</li>
        </ol>
        </section>
        """
    }

    private var ending: String {
        let site = authority.map { "https://\(HTML.escaped($0))/" }
        let open =
            site.map { "Then open <a href=\"\($0)\">\($0)</a>." } ?? "Then open the address that the terminal shows."
        return """
            <p>\(open)</p>
            <p class="small">This page ends with the first complete download: one device, one file. Starting the server again
            brings it back. To take the trust back, remove the profile (iPhone, iPad) or the certificate (Android) in the same
            settings.</p>
            """
    }

    private func link(_ name: String) -> String { "\(TrustPage.path)/\(name)" }

    /// Lines end behind a colon, and where there is room behind every fourth byte.
    private var fingerprint: String {
        let bytes = HTML.escaped(offer.fingerprint).split(separator: ":")
        let groups = stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<min(start + 4, bytes.count)].joined(separator: ":")
        }
        return groups.joined(separator: ":<wbr>")
    }
}
