import Testing

@testable import MartinetCommand

@Suite("The browser that --open opens")
struct BrowserTests {
    private static let url = "https://localhost:8443/"
    private static let programs = [
        "xdg-open": "/usr/bin/xdg-open", "firefox": "/usr/bin/firefox", "/opt/b": "/opt/b",
    ]

    private static func words(
        _ environment: [String: String], isRoot: Bool = false, programs: [String: String] = programs
    ) -> String {
        do throws(Browser.Refusal) {
            return try Browser.words(
                for: url, environment: { environment[$0] }, isRoot: isRoot, find: { programs[$0] }
            ).joined(separator: " ")
        } catch {
            return "no: \(error.reason)"
        }
    }

    @Test(
        "BROWSER comes first: commands, of which the first is taken that is there",
        arguments: [
            ("firefox", "/usr/bin/firefox \(url)"), ("none:firefox", "/usr/bin/firefox \(url)"),
            ("/opt/b --new %s --fast", "/opt/b --new \(url) --fast"),
            ("firefox --url=%s", "/usr/bin/firefox --url=\(url)"),
            ("firefox --private", "/usr/bin/firefox --private \(url)"),
            ("none", "no: BROWSER names no program that is there (none)"),
            (":", "no: BROWSER names no program that is there (:)"),
        ])
    func browser(value: String, expected: String) {
        #expect(Self.words(["BROWSER": value]) == expected)
        #expect(Self.words(["BROWSER": value, "DISPLAY": ":0"], isRoot: true) == expected)
    }

    @Test("Otherwise the desktop's, where there is a display, and not for root")
    func desktop() {
        for name in ["DISPLAY", "WAYLAND_DISPLAY"] {
            #expect(Self.words([name: "0"]) == "/usr/bin/xdg-open \(Self.url)")
            #expect(Self.words([name: "0"], isRoot: true).hasPrefix("no: a browser is not started as root"))
            #expect(Self.words([name: "0"], programs: [:]).hasPrefix("no: xdg-open is not installed"))
        }
        #expect(Self.words([:]).hasPrefix("no: there is no display here"))
    }

    @Test("On WSL it is that of Windows, if it can be reached")
    func windows() {
        let environment = ["WSL_DISTRO_NAME": "Debian"]
        #expect(Self.words(environment, programs: ["wslview": "/usr/bin/wslview"]) == "/usr/bin/wslview \(Self.url)")
        #expect(Self.words(environment).hasPrefix("no: there is no display here"))
    }

    @Test("It is told nothing that is this server's")
    func environment() {
        let given = ["HOME": "/h", "MARTINET_TLS_KEY": "k", "SSLKEYLOGFILE": "f", "DISPLAY": ":0"]
        #expect(Browser.cleaned(given) == ["HOME": "/h", "DISPLAY": ":0"])
    }
}
