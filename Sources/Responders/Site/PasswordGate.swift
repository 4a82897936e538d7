import MartinetBytes
import MartinetEvents
import MartinetHTTP
package import MartinetPOSIX

/// What passwords are verified with.
package struct PasswordVerification {
    let helpers: HelperThreads
    let verify: @Sendable ([UInt8], String) -> Bool
    let code: ([UInt8]) -> [UInt8]

    /// - Parameters:
    ///   - helpers: the threads that verify.
    ///   - verify: whether a password belongs to a hash; it may take its time.
    ///   - code: an authentication code under a key that nobody knows, the same for the same bytes; empty where there is
    ///     none. Right credentials are recognised by theirs.
    package init(
        helpers: HelperThreads, verify: @escaping @Sendable (_ password: [UInt8], _ hash: String) -> Bool,
        code: @escaping ([UInt8]) -> [UInt8]
    ) {
        self.helpers = helpers
        self.verify = verify
        self.code = code
    }
}

/// Basic authentication (RFC 7617) against the hashes of an htpasswd file.
///
/// Hashes are made to be slow, and browsers repeat credentials with every request: those that were right in the last ten
/// minutes are recognised, and all others are a `Login`.
final class PasswordGate {
    enum Admission {
        /// With the name of the user.
        case admitted([UInt8])
        case refused(Response)
        /// To be waited for.
        case login(Login)
    }

    /// A user of the file, or the one in whose place all others' passwords are verified.
    final class Account {
        let hash: String
        fileprivate let isKnown: Bool
        /// The code of the credentials that were right, and until when that counts.
        private var code: [UInt8] = []
        private var end = MonotonicTime.distantPast

        fileprivate init(hash: String, isKnown: Bool = true) {
            self.hash = hash
            self.isKnown = isKnown
        }

        func recognises(_ other: [UInt8], _ now: MonotonicTime) -> Bool {
            guard now < end, !code.isEmpty, Secret.isEqual(code, other) else { return false }
            end = now + PasswordGate.recognitionTime
            return true
        }

        fileprivate func keep(_ code: [UInt8], _ now: MonotonicTime) {
            guard isKnown else { return }
            self.code = code
            end = now + PasswordGate.recognitionTime
        }
    }

    /// For how long credentials are recognised after they were last used.
    static let recognitionTime = Interval.seconds(600)
    /// What is longer is no password: bcrypt looks at 72 bytes, and other schemes take the longer the longer it is.
    static let passwordByteLimit = 256

    /// By name, byte for byte: to `String` two spellings of one character are the same, to programs that are told the name
    /// they are not.
    private let accounts: [[UInt8]: Account]
    /// For users that do not exist, so that they are not recognised by a quick answer: with the dearest hash of the file.
    private let decoy: Account
    private let verification: PasswordVerification
    private var throttle = LoginThrottle()
    private var log: LoginLog

    /// - Parameter write: writes a line to the error log.
    init(_ hashes: [String: String], _ verification: PasswordVerification, write: @escaping (String) -> Void) {
        accounts = Dictionary(hashes.map { ([UInt8]($0.utf8), Account(hash: $1)) }) { $1 }
        let costs = hashes.values.map { (hash: $0, cost: PasswordHashForm($0)?.cost ?? 0) }
        decoy = Account(hash: costs.max { $0.cost < $1.cost }?.hash ?? "", isKnown: false)
        self.verification = verification
        log = LoginLog(write)
    }

    deinit {
        log.finish()
    }

    static var challenge: Response {
        var response = Response.error(.unauthorized, "This site asks for a user name and a password.")
        response.fields.append("WWW-Authenticate", "Basic realm=\"Martinet\", charset=\"UTF-8\"")
        return response
    }

    /// Whether the request bears right credentials, as far as that can be said at once.
    func admit(_ request: borrowing Request) -> Admission {
        let now = request.arrival
        log.flush(now)
        // Who comes without credentials has not tried a password: so does every browser's first request.
        guard let credentials = BasicCredentials(request), credentials.password.count <= Self.passwordByteLimit else {
            return .refused(Self.challenge)
        }
        let code = verification.code(credentials.text)
        let user = credentials.user
        let account = accounts[user] ?? decoy
        if account.recognises(code, now) { return .admitted(user) }
        let login = Login(self, credentials, account, code, request.peer ?? .unknown, arrival: now)
        return switch login.take(now) {
        case nil: .login(login)
        case .right: .admitted(login.user)
        case .refused(let response): .refused(response)
        }
    }

    // MARK: For logins

    func decide(_ login: Login, isWaiting: Bool, _ now: MonotonicTime) -> LoginThrottle.Decision {
        throttle.decide(login.block, arrival: login.arrival, isWaiting: isWaiting, now)
    }

    func leave(_ login: Login) { throttle.leave(login.block) }

    func verify(_ login: Login) -> Calculation<Bool>? {
        let (verify, password, hash) = (verification.verify, login.password, login.account.hash)
        return verification.helpers.calculate { password.withBytes { verify($0, hash) } }
    }

    /// A password was verified, or would have been if its client had stayed; nil where that is not known.
    func end(_ login: Login, isRight: Bool?, _ now: MonotonicTime) -> Login.Outcome {
        let isRight = isRight.map { $0 && login.account.isKnown }
        // One that nobody waited for counts, too: else a client could have any number computed by leaving each time.
        throttle.end(login.block, isWrong: isRight != true, now)
        if isRight == true {
            login.account.keep(login.code, now)
            return .right
        }
        if isRight == false { log.addWrong(login.user, login.block, login.peer.address, now) }
        return .refused(Self.challenge)
    }

    /// The threads have too much to do; nothing was verified.
    func endUnverified(_ login: Login, _ now: MonotonicTime) {
        throttle.end(login.block, isWrong: false, now)
    }

    func refuse(_ login: Login, retryAfter: Int, _ now: MonotonicTime) -> Response {
        log.addRefused(login.user, login.block, login.peer.address, now)
        var response = Response.error(
            .tooManyRequests, "There were too many wrong passwords from your address. Try again in a minute.")
        response.fields.append("Retry-After", retryAfter)
        return response
    }
}
