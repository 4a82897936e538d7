import MartinetPOSIX

/// Why the rest of a file cannot be sent.
enum SendingFailure {
    /// There is less of the file than its response has announced.
    case shortened
    /// It was written to in place.
    case overwritten
    case unreadable(SystemError)
    case noEncoder
    case notCompressed

    /// For the log.
    var sentence: String {
        switch self {
        case .shortened: "the file became shorter while it was sent"
        case .overwritten: "the file was written to while it was sent"
        case .unreadable(let error): "the file could not be read on (\(error))"
        case .noEncoder: "there is no memory to compress the file with"
        case .notCompressed: "the file could not be compressed"
        }
    }
}
