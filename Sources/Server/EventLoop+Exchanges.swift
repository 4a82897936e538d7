import MartinetEventLoop
package import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

extension EventLoop: ExchangeLoop {
    package func readClock() -> MonotonicTime { .now }

    package func watch(_ descriptor: CInt, adding directions: Readiness, for token: Token) {
        watchOnce(descriptor, adding: directions, token: token)
    }
}
