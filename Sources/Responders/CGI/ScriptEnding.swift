import MartinetPOSIX

/// How a script ended, in words for the log.
enum ScriptEnding {
    static func text(_ ending: ChildProcess.Ending) -> String {
        switch ending {
        case .exited, .unknown: "\(ending)"
        case .killed(let signal): names[signal].map { "signal \(signal), \($0)" } ?? "signal \(signal)"
        }
    }

    private static let names = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
        11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU: its processor time was used up",
        25: "SIGXFSZ", 31: "SIGSYS",
    ]
}
