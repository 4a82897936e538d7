package import HTTP

/// A message that breaks the rules: what to answer, and in a sentence why. Nothing behind it on the connection is read.
package struct MessageError: Error, Equatable {
    package let status: StatusCode
    package let explanation: String

    init(_ status: StatusCode, _ explanation: String) {
        self.status = status
        self.explanation = explanation
    }

    static func bad(_ explanation: String) -> MessageError {
        MessageError(.badRequest, explanation)
    }
}
