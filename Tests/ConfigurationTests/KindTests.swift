import Testing

@testable import MartinetConfiguration

/// One kind with its value put away, so that kinds of all values stand in one table.
struct AnyKind: Sendable, CustomTestStringConvertible {
    let name: String
    /// What a text is shown as once it is read; nil where it is refused.
    let shown: @Sendable (String) -> String?

    init<Value>(_ name: String, _ kind: Kind<Value>) {
        self.name = name
        shown = { text in
            var reading = Reading(directory: "/etc/martinet")
            let value = kind.read(.text(Text(text, at: .option("--x"))), &reading)
            precondition((value == nil) != reading.mistakes.isEmpty)
            return value.map(kind.show)
        }
    }

    var testDescription: String { name }

    /// Every kind, what it takes, as which, and what it refuses.
    static let table: [(kind: AnyKind, taken: [(String, String)], refused: [String])] =
        quantities + texts + fields + addresses

    private static let quantities: [(AnyKind, [(String, String)], [String])] = [
        (
            AnyKind("time", .time()),
            [("500ms", "500ms"), ("60s", "1m"), ("24h", "1d"), ("365d", "1y"), ("90m", "90m")],
            ["", "s", "1", "0s", "0", "-1s", "1.5s", "1S", " 1s", "1 s", "11y", "9223372036854775807s", "１s"]
        ),
        (AnyKind("time or none", .timeOrNone), [("0", "0s"), ("0ms", "0s"), ("10y", "10y")], ["00y1", "11y"]),
        (AnyKind("whole seconds", .wholeSeconds), [("1000ms", "1s"), ("10s", "10s")], ["999ms", "1500ms", "0s"]),
        (
            AnyKind("size", .size()), [("0", "0"), ("1024", "1K"), ("64k", "64K"), ("1025", "1025"), ("2T", "2T")],
            ["", "K", "1KB", "-1", "9223372036854775807K", "1.5M"]
        ),
        (AnyKind("size of one or more", .size(1...)), [("1", "1")], ["0"]),
        (
            AnyKind("number", .number(1...16)), [("1", "1"), ("16", "16"), ("007", "7")],
            ["0", "17", "", "+1", "0x1", "１"]
        ),
        (AnyKind("workers", .workers), [("auto", "auto"), ("256", "256")], ["0", "257", "Auto", ""]),
        (AnyKind("flag", .flag), [("true", "true"), ("false", "false")], ["True", "yes", "1", "", "off"]),
        (
            AnyKind("choice", Kind<TLS.Version>.choice), [("1.2", "1.2"), ("1.3", "1.3")],
            ["1.1", "TLS1.2", "", "1.20"]
        ),
        (AnyKind("status", .errorStatus), [("404", "404"), ("599", "599")], ["399", "600", "abc"]),
    ]

    private static let texts: [(AnyKind, [(String, String)], [String])] = [
        (AnyKind("text", .anyText("x")), [("", ""), ("a\nb", "a\nb")], ["a\0b"]),
        (
            AnyKind("path", .path("file")),
            [
                ("/a/b", "/a/b"), ("a", "/etc/martinet/a"), ("./a/.//b/", "/etc/martinet/a/b"), ("/", "/"),
                ("../a", "/etc/martinet/../a"),
            ], ["", "~/a", "~", "a\0"]
        ),
        (
            AnyKind("file name", .fileName), [("index.html", "index.html"), ("a,b", "a,b")],
            ["", ".", "..", "a/b", "a\0"]
        ),
        (AnyKind("file", .relativeFile), [("/a/b", "a/b"), ("..a", "..a")], ["", "/", "../a", "a/../b", "a/.", "\0"]),
        (
            AnyKind("prefix", .prefix), [("/", "/"), ("/a b/", "/a b/"), ("/é", "/é")],
            ["", "a", "/a%20", "/*", "/a?", "/a#", "/./a", "/a/..", "/a\\b", "/a\u{1}"]
        ),
        (
            AnyKind("attempt", .attempt), [("{path}", "{path}"), ("/x/{path}.html", "/x/{path}.html")],
            ["", "x", "$uri", "{file}", "{path}/../x", "/{path", "{path}\n"]
        ),
        (
            AnyKind("redirect target", .redirectTarget),
            [("/new/*", "/new/*"), ("https://a.org/*", "https://a.org/*"), ("HTTP://a.org", "HTTP://a.org")],
            [
                "", "a.org", "//a.org", "https://", "https:///a", "https://*", "/*/a", "/a b", "/é", "javascript:x",
                "/\"", "/\\a",
            ]
        ),
        (AnyKind("realm", .realm), [("My files", "My files"), ("", "")], ["a\"b", "é", "a\\b", "\n"]),
        (
            AnyKind("variable", .variableName), [("GIT_PROJECT_ROOT", "GIT_PROJECT_ROOT"), ("_a1", "_a1")],
            ["", "1A", "A-B", "A=B", "HTTP_X", "SSL_X", "PATH_INFO", "é"]
        ),
        (AnyKind("script ending", .scriptEnding), [(".php", ".php")], ["php", ".", "", ".tar.gz", "./x"]),
        (AnyKind("extension", .fileExtension), [("md", "md"), (".MD", "md")], ["", ".", "tar.gz", "a/b"]),
    ]

    private static let fields: [(AnyKind, [(String, String)], [String])] = [
        (AnyKind("field name", .fieldName), [("X-A", "X-A")], ["", "X A", "X:", "Date", "content-length", "é", "TE"]),
        (AnyKind("field name in lower case", .loweredFieldName), [("X-A", "x-a")], ["Date", ""]),
        (
            AnyKind("field value", .fieldValue), [("a, b", "a, b"), (" a ", "a"), ("é", "é"), ("", "")],
            ["a\nb", "a\r", "\u{7F}", "a\tb"]
        ),
        (
            AnyKind("origin", .origin),
            [
                ("*", "*"), ("null", "null"), ("https://app.test", "https://app.test"),
                ("http://a:3000", "http://a:3000"),
            ],
            ["", "app.test", "https://", "://a", "https://a/", "https://A.test", "https://a b", "https://a@b"]
        ),
        (
            AnyKind("media type", .mediaType), [("text/plain; charset=utf-8", "text/plain; charset=utf-8")],
            ["", "text", "/plain", "text/", "a/b/c", "text/plain\r\nX: y", "é/x"]
        ),
    ]

    private static let addresses: [(AnyKind, [(String, String)], [String])] = [
        (
            AnyKind("address", .address),
            [
                (":443", ":443"), ("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:443", "[::1]:443"),
                ("localhost:80", "localhost:80"),
                ("a.b-c.test:65535", "a.b-c.test:65535"),
            ],
            [
                "", "443", "localhost", "::1:443", "a:65536", "a:-1", "[a]:1", "[::1:1", "*:1", "a b:1", "*.a.org:1",
                "a:１",
            ]
        ),
        (
            AnyKind("network", .network),
            [("10.0.0.0/8", "10.0.0.0/8"), ("::1", "::1"), ("2001:db8::/32", "2001:db8::/32"), ("::/0", "::/0")],
            ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0", "::/129", "a", "10.0.0.0/", "10.0.0.0/8/8", "::1/0", "[::1]"]
        ),
        (
            AnyKind("site name", .siteName),
            [
                ("A.Org.", "a.org"), ("*.a.org", "*.a.org"), ("[::1]", "::1"), ("127.0.0.1", "127.0.0.1"),
                ("localhost", "localhost"),
                ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ],
            [
                "", ".", "*", "*.org", "a.*.org", "a..b", "-a.org", "a-.org", "a_b.org", "a.org:1", "https://a", "a/b",
                "é.org", "1.2.3", "a.0x1",
            ]
        ),
        (
            AnyKind("log", .logDestination), [("-", "-"), ("none", "none"), ("a.log", "/etc/martinet/a.log")],
            ["", "~/a"]
        ),
    ]
}

@Suite("Kinds of values")
struct KindTests {
    @Test("What is taken is shown as itself, and read as the same again", arguments: AnyKind.table.indices)
    func taken(index: Int) {
        let (kind, taken, _) = AnyKind.table[index]
        for (text, shown) in taken {
            #expect(kind.shown(text) == shown, "\(kind.name): \(text)")
            #expect(kind.shown(shown) == shown, "\(kind.name): \(shown)")
        }
    }

    @Test("What is no such value is refused", arguments: AnyKind.table.indices)
    func refused(index: Int) {
        let (kind, _, refused) = AnyKind.table[index]
        for text in refused { #expect(kind.shown(text) == nil, "\(kind.name): \(text)") }
    }

    @Test(
        "Addresses are read as the kernel reads them",
        arguments: [
            ("1.2.3.4", [1, 2, 3, 4]), ("1.2.3", nil), ("01.2.3.4", nil), ("1.2.3.256", nil), ("1.2.3.4 ", nil),
            ("::", [UInt8](repeating: 0, count: 16)), ("::1", [UInt8](repeating: 0, count: 15) + [1]),
            ("1::", [0, 1] + [UInt8](repeating: 0, count: 14)), (":1", nil), ("1:", nil), (":::", nil),
            ("1::2::3", nil),
            ("::ffff:1.2.3.4", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]), ("1.2.3.4::", nil),
            ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]), ("1:2:3:4:5:6:7", nil),
            ("1:2:3:4:5:6:7:8:9", nil), ("1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
            ("1:2:3:4::5:6:7:8", nil), ("::12345", nil), ("::g", nil), ("fe80::1%eth0", nil), ("", nil),
        ] as [(String, [UInt8]?)])
    func numbers(text: String, octets: [UInt8]?) {
        #expect(IPAddress(text)?.octets == octets)
    }

    @Test(
        "A network holds the addresses that begin with its bits",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("192.0.2.128/25", "192.0.2.255", true),
            ("192.0.2.128/25", "192.0.2.127", false), ("0.0.0.0/0", "255.1.2.3", true), ("0.0.0.0/0", "::1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("::1", "::1", true),
        ])
    func networks(network: String, address: String, isIn: Bool) throws {
        #expect(try #require(Network(network)).contains(try #require(IPAddress(address))) == isIn)
    }
}
