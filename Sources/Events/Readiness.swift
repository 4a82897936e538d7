/// What is asked of a descriptor, or what it is ready for.
package struct Readiness: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    // Not the literal [], which goes through a generic initialiser each time.
    package static var none: Readiness { Readiness(rawValue: 0) }
    package static let read = Readiness(rawValue: 1)
    package static let write = Readiness(rawValue: 2)
    /// The other side is gone or the descriptor failed (POLLHUP, POLLERR, POLLNVAL); reported whether asked for or not.
    package static let hangUp = Readiness(rawValue: 4)
    /// A socket's peer will send no more, whether or not all that it sent has been read (POLLRDHUP).
    package static let peerEnd = Readiness(rawValue: 8)
}
