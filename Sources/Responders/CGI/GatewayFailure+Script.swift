import MartinetHTTP
import MartinetPOSIX

/// Why a script was not started.
extension GatewayFailure {
    /// Nothing could be executed at the path.
    init(_ error: ScriptLocation.Failure) {
        switch error {
        case .notFound: self.init(status: .notFound, reason: "does not exist")
        case .isDirectory: self.init(status: .notFound, reason: "is a directory: the path names no script in it")
        case .isHidden: self.init(status: .notFound, reason: "has a name that begins with a dot, and is not served")
        case .leadsOutside: self.init(status: .notFound, reason: "is a link that leads out of the scripts' directory")
        case .isLoop: self.init(status: .notFound, reason: "is a link that leads to itself")
        case .isNoFile: self.init(status: .notFound, reason: "is no regular file")
        case .unreachable(let error):
            let reason = "cannot be reached (\(error))"
            if error.isForbidden {
                self.init(status: .forbidden, reason: reason)
            } else {
                self = error.isPassing ? .busy(reason) : .badGateway(reason)
            }
        }
    }

    /// The kernel did not start the program that the script is given to.
    init(starting error: SystemError, interpreter: String) {
        let reason = "could not be started with \(interpreter): \(error.reason)"
        self = error.isPassing ? .busy(reason) : .badGateway(reason)
    }

    /// The kernel refused to execute the file, or what executes it.
    ///
    /// - Parameter firstLine: what the script begins with.
    init(starting error: SystemError, isExecutable: Bool, firstLine: String?) {
        if error.isForbidden, !isExecutable {
            self.init(status: .forbidden, reason: "is not executable: give it the right with chmod +x")
        } else if error.isPassing {
            self = .busy("could not be started: \(error.reason)")
        } else if error.isNotAProgram {
            self = .badGateway("is neither a program for this machine nor begins with #! and an interpreter")
        } else if error.isArgumentListTooLong {
            self = .badGateway("could not be started: the request's fields are too long for its environment")
        } else if error.isMissing || error.isForbidden, let firstLine {
            let hasReturn = firstLine.hasSuffix("\r")
            let hint = hasReturn ? "; the line has a DOS line end, which counts as part of the name" : ""
            self = .badGateway("has a bad interpreter in its first line \"\(firstLine)\": \(error.reason)\(hint)")
        } else {
            self = .badGateway("could not be started: \(error.reason)")
        }
    }
}
