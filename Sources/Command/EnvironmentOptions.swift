import MartinetPOSIX

/// Options given by the environment: `MARTINET_PORT=9443` is `--port 9443` unless the command line has one.
enum EnvironmentOptions {
    /// The options that have an environment form, with their short forms. A repeatable one takes a list with commas.
    private static let options: [(long: String, short: String?, isRepeatable: Bool)] = [
        ("--port", "-p", false), ("--listen", "-l", true), ("--tls-cert", nil, true), ("--tls-key", nil, true),
        ("--host", nil, true), ("--workers", nil, false), ("--tls-min", nil, false), ("--keylog", nil, false),
        ("--client-ca", nil, false), ("--client-auth", nil, false),
        ("--redirect-from", nil, true), ("--index", nil, true), ("--spa", nil, false), ("--error-page", nil, true),
        ("--header", nil, true), ("--cors", nil, false), ("--cache", nil, false), ("--auth-file", nil, false),
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

    /// The arguments, and behind them what only the environment says. Only `serve`, named or not, takes these options.
    static func adding(to arguments: [String]) -> [String] {
        let others = ["version", "help", "--help", "-h", "--version"]
        guard !arguments.contains(where: others.contains) else { return arguments }
        var added: [String] = []
        for option in options {
            let isGiven = arguments.contains { argument in
                argument == option.long || argument.hasPrefix("\(option.long)=")
                    || option.short.map { argument.hasPrefix($0) } ?? false
            }
            guard !isGiven, let value = ThisProcess.environment(variable(for: option.long)) else { continue }
            let values = option.isRepeatable ? value.split(separator: ",").map(String.init) : [value]
            for value in values { added += [option.long, value] }
        }
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return arguments[..<end].map(withValue) + added + Array(arguments[end...])
    }

    /// `--spa` alone means `--spa=index.html`: the argument parser knows no options whose value may be missing.
    private static func withValue(_ argument: String) -> String {
        SiteOptions.optionalValues[argument].map { "\(argument)=\($0)" } ?? argument
    }
}
