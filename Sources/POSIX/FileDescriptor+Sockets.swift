import Glibc
package import MartinetEvents

extension FileDescriptor {
    /// setsockopt(2) SO_SNDTIMEO: a blocking socket that takes nothing for so long says that it would block.
    package func setSendingTimeout(_ time: Interval) throws(SystemError) {
        var value = timeval(tv_sec: time.secondsRoundedUp, tv_usec: 0)
        guard
            unsafe setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &value, socklen_t(MemoryLayout<timeval>.size)) == 0
        else { throw SystemError("setsockopt") }
    }

    /// shutdown(2) of the sending side: the peer reads the end of the stream.
    package func shutdownSending() {
        shutdown(number, CInt(SHUT_WR))
    }

    /// Has close(2) drop what the peer has not taken yet, and reset the connection (SO_LINGER).
    package func resetWhenClosed() {
        var setting = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &setting, socklen_t(MemoryLayout<linger>.size))
    }

    /// getsockname(2): the address and port at this end of a connected socket; nil where there is none.
    package var localAddress: SocketAddress? {
        let number = number
        return unsafe SocketAddress.reading { unsafe getsockname(number, $0, $1) }.1
    }
}
