import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Credentials on their way to being found right or wrong.
///
/// It waits for its turn, which no thread is needed for, and then for a helper thread. Dropping it means that its client has
/// left.
final class Login {
    enum Outcome {
        case right
        case refused(Response)
    }

    private enum State {
        case new
        case waiting(until: MonotonicTime)
        case verifying(Calculation<Bool>)
        case over
    }

    /// Who has waited so long for others' logins is told to come again.
    static let waitLimit = Interval.seconds(30)

    let user: [UInt8]
    let password: SecretBytes
    let account: PasswordGate.Account
    let code: [UInt8]
    let peer: Peer
    let arrival: MonotonicTime
    private let gate: PasswordGate
    private var state = State.new
    private var lastTime: MonotonicTime

    init(
        _ gate: PasswordGate, _ credentials: BasicCredentials, _ account: PasswordGate.Account, _ code: [UInt8],
        _ peer: Peer, arrival: MonotonicTime
    ) {
        self.gate = gate
        user = credentials.user
        password = SecretBytes(credentials.password)
        self.account = account
        self.code = code
        self.peer = peer
        self.arrival = arrival
        lastTime = arrival
    }

    deinit {
        switch state {
        case .waiting: gate.leave(self)
        case .verifying(let calculation): _ = gate.end(self, isRight: calculation.take(), lastTime)
        case .new, .over: break
        }
    }

    var block: AddressBlock { peer.addressBlock }
}

extension Login: Deferral {
    func take(_ now: MonotonicTime) -> Outcome? {
        lastTime = now
        switch state {
        case .new: return proceed(isWaiting: false, now)
        case .waiting(let time): return now < time ? nil : proceed(isWaiting: true, now)
        case .verifying(let calculation):
            guard let isRight = calculation.take() else { return nil }
            state = .over
            return gate.end(self, isRight: isRight, now)
        case .over: return nil
        }
    }

    func wait(with host: inout ExchangeHost) {
        host.setDeadline(deadline ?? .distantFuture)
        if case .verifying(let calculation) = state { calculation.wake(host.waker) }
    }

    /// Until when it waits for its turn; nil where it does not.
    var deadline: MonotonicTime? {
        if case .waiting(let time) = state { time } else { nil }
    }

    private func proceed(isWaiting: Bool, _ now: MonotonicTime) -> Outcome? {
        state = .over
        // Another request with the same credentials may have come first.
        if isWaiting, account.recognises(code, now) {
            gate.leave(self)
            return .right
        }
        switch gate.decide(self, isWaiting: isWaiting, now) {
        case .wait(let time):
            guard now < arrival + Self.waitLimit else {
                gate.leave(self)
                return .refused(Self.busy)
            }
            state = .waiting(until: time)
            return nil
        case .full: return .refused(Self.busy)
        case .refuse(let seconds): return .refused(gate.refuse(self, retryAfter: seconds, now))
        case .begin:
            guard let calculation = gate.verify(self) else {
                gate.endUnverified(self, now)
                return .refused(Self.busy)
            }
            state = .verifying(calculation)
            return nil
        }
    }

    private static var busy: Response {
        var response = Response.error(.serviceUnavailable, "Too many people are logging in at this moment. Try again.")
        response.fields.append("Retry-After", 1)
        return response
    }
}
