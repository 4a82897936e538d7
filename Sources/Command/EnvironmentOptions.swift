import MartinetPOSIX

/// Options given by the environment: `MARTINET_PORT=9443` is `--port 9443` unless the command line has one.
enum EnvironmentOptions {
    /// The options that have an environment form, with their short forms. A repeatable one takes a list with commas.
    private static let options: [(long: String, short: String?, isRepeatable: Bool)] = [
        ("--port", "-p", false), ("--listen", "-l", true), ("--tls-cert", nil, true), ("--tls-key", nil, true),
        ("--host", nil, true), ("--workers", nil, false), ("--tls-min", nil, false), ("--keylog", nil, false),
        ("--client-ca", nil, false), ("--client-auth", nil, false),
        ("--redirect-from", nil, true), ("--index", nil, true), ("--spa", nil, false), ("--error-page", nil, true),
        ("--type", nil, true), ("--header", nil, true), ("--cors", nil, false), ("--cache", nil, false),
        ("--auth-file", nil, false),
        ("--access-log", nil, false), ("--cgi", nil, true), ("--cgi-interpreter", nil, true),
        ("--files", nil, true), ("--cgi-env", nil, true), ("--cgi-index", nil, true),
        ("--cgi-timeout", nil, false), ("--cgi-total-time", nil, false), ("--cgi-processes", nil, false),
        ("--cgi-jobs", nil, false), ("--cgi-cpu", nil, false), ("--cgi-memory", nil, false),
        ("--cgi-output", nil, false),
        ("--max-content", nil, false), ("--slow-reader-memory", nil, false),
    ]

    /// "--tls-cert" is MARTINET_TLS_CERT.
    static func variable(for option: String) -> String {
        "MARTINET_" + option.drop { $0 == "-" }.uppercased().split(separator: "-").joined(separator: "_")
    }

    /// Whether the word behind this one is its value: there is no option with a value but those above.
    static func takesValue(_ word: String) -> Bool { options.contains { $0.long == word || $0.short == word } }

    /// The arguments for the parser, and behind them what only the environment says: of `serve`, named or not.
    ///
    /// - Parameter environment: the value of a variable; nil where it is not set or empty.
    static func adding(
        to words: CommandLineWords, environment: (String) -> String? = ThisProcess.environment
    ) -> [String] {
        guard words.isForServe else { return words.arguments(adding: []) }
        var added: [String] = []
        for option in options {
            let isGiven = words.options.contains { word in
                word == option.long || option.short.map { word.hasPrefix($0) } ?? false
            }
            guard !isGiven, let value = environment(variable(for: option.long)) else { continue }
            let values = option.isRepeatable ? value.split(separator: ",").map(String.init) : [value]
            added += values.map { "\(option.long)=\($0)" }
        }
        return words.arguments(adding: added)
    }
}
