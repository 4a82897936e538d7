import Testing

@testable import MartinetCommand

@Suite("The words of a command line (POSIX.1-2017 §12.1)")
struct CommandLineWordsTests {
    private func words(_ line: String) -> CommandLineWords {
        CommandLineWords(line.split(separator: " ").map(String.init))
    }

    @Test(
        "An option whose value may be missing takes the word behind it where that can be its value",
        arguments: [
            ("serve --cors https://app.test", "serve --cors=https://app.test"),
            ("serve --cors * .", "serve --cors=* ."),
            ("serve --cors null site", "serve --cors=null site"), ("serve --cors", "serve --cors=*"),
            ("serve --cors .", "serve --cors=* ."), ("serve --cors site", "serve --cors=* site"),
            ("serve --cors --spa", "serve --cors=* --spa=index.html"), ("--cors http://a", "--cors=http://a"),
            ("serve --cors=site", "serve --cors=site"), ("serve --spa dist", "serve --spa=index.html dist"),
            ("serve --spa 200.html", "serve --spa=200.html"), ("serve --spa a/b.htm site", "serve --spa=a/b.htm site"),
            ("serve --spa", "serve --spa=index.html"), ("serve --spa=app.php dist", "serve --spa=app.php dist"),
            ("serve --spa html", "serve --spa=index.html html"), ("serve dist --spa", "serve dist --spa=index.html"),
            ("serve --spa -- x.html", "serve --spa=index.html -- x.html"), ("serve -- --cors *", "serve -- --cors *"),
            ("serve --index --spa", "serve --index --spa=index.html"),
            ("serve --index spa.html", "serve --index spa.html"),
            ("serve --spa -q", "serve --spa=index.html -q"),
            ("serve --cors https://a --cors", "serve --cors=https://a --cors=*"),
        ])
    func optionalValues(line: String, expected: String) {
        #expect(words(line).arguments(adding: []).joined(separator: " ") == expected)
    }

    @Test(
        "Operands are what is neither command, option nor value",
        arguments: [
            ("", []), ("serve", []), ("serve site", ["site"]), ("site", ["site"]), ("serve --port 0 site", ["site"]),
            ("-p 0 site", ["site"]), ("--port=0 site", ["site"]), ("serve --spa site", ["site"]), ("serve -", ["-"]),
            ("serve --cors https://a site", ["site"]), ("serve -q site", ["site"]), ("serve serve", ["serve"]),
            ("serve one two", ["one", "two"]), ("serve -- site", []), ("serve --hidden help", ["help"]),
        ] as [(String, [String])])
    func operands(line: String, expected: [String]) {
        #expect(words(line).operands == expected)
    }

    @Test(
        "A mistyped command is told from a folder",
        arguments: [
            ("serv site", "'serv' is neither a command nor a folder. Did you mean 'martinet serve site'?"),
            ("serv", "'serv' is neither a command nor a folder. Did you mean 'martinet serve'?"),
            ("Serve .", "'Serve' is neither a command nor a folder. Did you mean 'martinet serve .'?"),
            ("sevre --port 0 .", "'sevre' is neither a command nor a folder. Did you mean 'martinet serve .'?"),
            ("server", "'server' is neither a command nor a folder. Did you mean 'martinet serve'?"),
            ("vesrion", "'vesrion' is neither a command nor a folder. Did you mean 'martinet version'?"),
            ("vers", "'vers' is neither a command nor a folder. Did you mean 'martinet version'?"),
            ("hlep", "'hlep' is neither a command nor a folder. Did you mean 'martinet help'?"),
            ("cret trust", "'cret' is neither a command nor a folder. Did you mean 'martinet cert'?"),
            ("help serv", "There is no command 'serv'. Did you mean 'martinet help serve'?"),
            ("--port 0 serve site", "The command comes first: 'martinet serve', then the options."),
        ])
    func mistakes(line: String, expected: String) {
        #expect(words(line).mistake { _ in false } == expected)
    }

    @Test(
        "What may be meant as it stands is no mistake",
        arguments: [
            "", "site", "serve", "serve serv", "serve site", "cert", "cert new serv", "help cert", "./serv", "serv/",
            "help", "help serve", "version", "s",
            "src",
            "docs", "public", "--spa dist", "--cors", "-- serv", "one two", "save/x",
        ])
    func noMistakes(line: String) {
        #expect(words(line).mistake { _ in false } == nil)
    }

    @Test("A folder with such a name is served, unless there is another one beside it")
    func folder() {
        for line in ["serv", "Serve", "versions", "--port 0 serve", "helps --port 0"] {
            #expect(words(line).mistake { _ in true } == nil)
        }
        #expect(words("serv site").mistake { _ in true } == "'serv' is no command. Did you mean 'martinet serve site'?")
    }

    @Test("A long word is compared in no time", .timeLimit(.minutes(1)))
    func longWord() {
        #expect(words(String(repeating: "serve", count: 100_000)).mistake { _ in false } == nil)
    }
}
