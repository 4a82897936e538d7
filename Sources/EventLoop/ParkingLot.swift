package import MartinetEvents
package import MartinetPOSIX

/// Where descriptors wait that have been silent for a while: in one epoll descriptor, itself an entry of the `PollSet`.
///
/// poll(2) then costs what is active, not what is connected: with 10 000 idle connections beside 64 active ones, a plain
/// poll table serves an eighth of what the same loop serves with the idle ones parked.
package struct ParkingLot: ~Copyable {
    private let epoll: Epoll
    /// By descriptor number: whether the kernel knows the open descriptor as a member, awake or asleep.
    private var isMember: [Bool] = []

    package init() throws(SystemError) {
        epoll = try Epoll()
    }

    /// To be watched for input; readable when a parked descriptor has some.
    package var descriptor: CInt { epoll.descriptor.number }

    /// Parks a descriptor until its next input, end of stream or hang-up.
    package mutating func park(_ descriptor: CInt, token: Token) throws(SystemError) {
        while isMember.count <= Int(descriptor) { isMember.append(false) }
        try epoll.arm(descriptor, mark: token.mark, isNew: !isMember[Int(descriptor)])
        isMember[Int(descriptor)] = true
    }

    /// To be called when a descriptor is about to be closed, which ends its membership by itself.
    package mutating func forget(_ descriptor: CInt) {
        if Int(descriptor) < isMember.count { isMember[Int(descriptor)] = false }
    }

    /// Who has something to read now; they are no longer parked. 64 at a time.
    package func wake() throws(SystemError) -> [Token] {
        try epoll.take().map(Token.init(mark:))
    }
}
