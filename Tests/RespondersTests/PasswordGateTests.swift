import Dispatch
import MartinetBytes
import MartinetCrypto
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Synchronization
import Testing

@testable import MartinetResponders

@Suite("Basic authentication (RFC 7617)")
struct PasswordGateTests {

    private let hashes = [
        "alice": "hash of open sesame", "bob": "hash of a:b", "": "hash of ", "jürgen": "hash of größe",
    ]

    // MARK: Who is admitted

    @Test(
        "The right credentials are admitted",
        arguments: [
            "Basic YWxpY2U6b3BlbiBzZXNhbWU=", "basic YWxpY2U6b3BlbiBzZXNhbWU=", "BASIC YWxpY2U6b3BlbiBzZXNhbWU=",
            "Basic YWxpY2U6b3BlbiBzZXNhbWU", "Basic  YWxpY2U6b3BlbiBzZXNhbWU=", "Basic YWxpY2U6b3BlbiBzZXNhbWU= ",
            // bob, whose password has a colon; nobody without a password; jürgen, in UTF-8.
            "Basic Ym9iOmE6Yg==", "Basic Og==", "Basic asO8cmdlbjpncsO2w59l",
        ])
    func right(credentials: String) throws {
        let site = try Gated(hashes)
        #expect(site.log(in: request(credentials)) == .admitted)
        #expect(site.asked.count == 1)
    }

    @Test(
        "Wrong credentials are not",
        arguments: [
            // alice:open, alice:, alice:open sesam, alice:open sesamee, Alice:open sesame, bob:open sesame, mallory:x,
            // and jürgen:größe with the first ü in two code points.
            "Basic YWxpY2U6b3Blbg==", "Basic YWxpY2U6", "Basic YWxpY2U6b3BlbiBzZXNhbQ==",
            "Basic YWxpY2U6b3BlbiBzZXNhbWVl", "Basic QWxpY2U6b3BlbiBzZXNhbWU=", "Basic Ym9iOm9wZW4gc2VzYW1l",
            "Basic bWFsbG9yeTp4", "Basic anXMiHJnZW46Z3LDtsOfZQ==",
        ])
    func wrong(credentials: String) throws {
        let site = try Gated(hashes)
        #expect(site.log(in: request(credentials)) == .status(401))
        #expect(site.asked.count == 1, "whoever it is, a password is verified")
    }

    @Test(
        "What is no credentials of this scheme is refused without a look at any password, and is no wrong login",
        arguments: [
            "", "Basic", "Basic ", "Basic  ", "Bearer YWxpY2U6b3BlbiBzZXNhbWU=", "YWxpY2U6b3BlbiBzZXNhbWU=",
            "BasicYWxpY2U6b3BlbiBzZXNhbWU=", "Basic=YWxpY2U6", "Basic alice:open sesame", "Basic YWxpY2U=",
            "Basic YWxpY2U6b", "Basic YWxpY2U6!", "Basic YWxp Y2U6", "Basic ====", "Basic =", "Basic Y",
            "Basic YWxpY2U6===",
            "Basic YWxpY2U6b3BlbiBzZXNhbWU=, Basic YWxpY2U6", "Basic\tYWxpY2U6b3BlbiBzZXNhbWU=", "Basic -_-_",
            "Digest x=y",
        ])
    func malformed(credentials: String) throws {
        let site = try Gated(hashes)
        for _ in 0..<30 { #expect(site.log(in: request(credentials)) == .status(401)) }
        #expect(site.asked.isEmpty && site.lines.isEmpty)
    }

    @Test("Nobody is admitted without credentials, or with two of them")
    func absent() throws {
        let site = try Gated(hashes, verify: { _, _ in true })
        for _ in 0..<30 { #expect(site.log(in: Request("/")) == .status(401)) }
        let line = ("Authorization", "Basic YWxpY2U6b3BlbiBzZXNhbWU=")
        #expect(site.log(in: Request("/", [line])) == .admitted)
        #expect(site.log(in: Request("/", [line, line])) == .status(401))
    }

    @Test("An unknown user is refused even with the decoy's own password, each time")
    func unknown() throws {
        for hashes in [hashes, [:]] {
            let site = try Gated(hashes, verify: { _, _ in true })
            for _ in 1...3 { #expect(site.log(in: request("Basic bWFsbG9yeTp4")) == .status(401)) }
        }
    }

    @Test("A password of 256 bytes is verified, a longer one refused without that, and is no wrong login")
    func longPassword() throws {
        let site = try Gated(hashes)
        #expect(site.log(in: request("alice", String(repeating: "x", count: 256))) == .status(401))
        #expect(site.asked.count == 1)
        for _ in 0..<30 {
            #expect(site.log(in: request("alice", String(repeating: "x", count: 257))) == .status(401))
        }
        #expect(site.asked.count == 1 && site.lines.count == 1)
    }

    @Test("An unknown user's password is hashed with the dearest hash of the file, whatever its letters")
    func decoy() throws {
        let salt = "abcdefghijklmnopqrstuu"
        let digits = { (count: Int) in String(repeating: "x", count: count) }
        let cheaper = [
            "{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "$apr1$zzzzzzzz$\(digits(22))", "$6$zzzzzzzz$\(digits(86))",
            "$2y$08$\(salt)\(digits(31))", "$y$j5T$zzzzzzzz$\(digits(43))",
        ]
        let dearest = "$2a$10$\(salt)\(digits(31))"
        let names = (0..<cheaper.count).map { "u\($0)" }
        let site = try Gated(Dictionary(uniqueKeysWithValues: zip(names, cheaper)).merging(["b": dearest]) { $1 })
        #expect(site.log(in: request("mallory", "x")) == .status(401))
        #expect(site.asked.map(\.hash) == [dearest])
        #expect(site.asked.map(\.password) == [[UInt8]("x".utf8)])
    }

    // MARK: Who is recognised

    @Test("Credentials found right are not verified again for ten minutes after each use; wrong ones are, each time")
    func recognition() throws {
        let site = try Gated(hashes)
        for minute in [0, 1, 10, 19] {
            #expect(site.log(in: request("bob", "a:b", at: .seconds(minute * 60))) == .admitted)
        }
        #expect(site.asked.count == 1)
        for credentials in ["Basic Ym9iOmE6Y", "Basic Ym9iOmE6Yw==", "Basic Ym9iOmE6Yg==x"] {
            #expect(site.log(in: request(credentials, at: .seconds(19 * 60))) == .status(401))
        }
        #expect(site.asked.count == 2, "two of them are no credentials")
        #expect(site.log(in: request("bob", "a:b", at: .seconds(29 * 60))) == .admitted)
        #expect(site.asked.count == 3)
        for _ in 1...3 { #expect(site.log(in: request("alice", "open", at: .seconds(60 * 60))) == .status(401)) }
        #expect(site.asked.count == 6)
    }

    @Test("What is kept of right credentials is a code, and nothing is where there is no code")
    func codes() throws {
        let site = try Gated(hashes, code: { _ in [] })
        for _ in 1...3 { #expect(site.log(in: request("bob", "a:b")) == .admitted) }
        #expect(site.asked.count == 3)
    }

    // MARK: Who has to wait

    @Test("Five wrong logins are answered at once, the sixth after a second")
    func delay() throws {
        let site = try Gated(hashes)
        for _ in 1...5 { #expect(site.log(in: request("alice", "x")) == .status(401)) }
        #expect(site.log(in: request("alice", "x", at: 7)) == .waiting(until: 7 + .seconds(1)))
        #expect(site.asked.count == 5, "nothing is computed while it waits")
        #expect(site.log(in: request("alice", "x", at: 7), until: 6 + .seconds(1)) == .waiting(until: 7 + .seconds(1)))
        #expect(site.log(in: request("alice", "x", at: 7), until: 7 + .seconds(1)) == .status(401))
        #expect(site.asked.count == 6)
        #expect(site.log(in: request("bob", "a:b", from: "192.0.2.2")) == .admitted, "others do not wait")
    }

    @Test("After twenty in a minute it is 429 without a look at the password, until the first is a minute old")
    func refusal() throws {
        let site = try Gated(hashes)
        site.fail(20, from: "192.0.2.1")
        let count = site.asked.count
        let time = MonotonicTime.seconds(40)
        let right = request("alice", "open sesame", at: time)
        #expect(site.log(in: right) == .status(429))
        #expect(site.retryAfter(right) == 20)
        #expect(site.asked.count == count)
        #expect(
            site.log(in: request("alice", "open sesame", at: .seconds(60)), until: .seconds(61)) == .admitted)
    }

    @Test("Who has logged in within ten minutes is admitted whatever comes from the address")
    func rightDuringRefusal() throws {
        let site = try Gated(hashes)
        #expect(site.log(in: request("bob", "a:b")) == .admitted)
        site.fail(20, from: "192.0.2.1")
        #expect(site.log(in: request("alice", "x")) == .status(429))
        #expect(site.log(in: request("bob", "a:b")) == .admitted)
    }

    @Test("From this machine there may be anybody: a right login waits for a second, and is never refused")
    func shared() throws {
        let site = try Gated(hashes)
        site.fail(100, from: "127.0.0.1")
        let right = request("alice", "open sesame", from: "127.0.0.1")
        #expect(site.log(in: right) == .waiting(until: .seconds(1)))
        #expect(site.log(in: right, until: .seconds(1)) == .admitted)
    }

    @Test("Of one address two passwords are verified at one time, of another as well")
    func atOneTime() throws {
        let site = try Gated(hashes)
        let first = try #require(site.begin(request("alice", "x")))
        let second = try #require(site.begin(request("alice", "open sesame")))
        let third = try #require(site.begin(request("alice", "open sesame")))
        #expect(site.asked.count == 2)
        let next = try #require(third.deadline)
        #expect(first.deadline == nil && second.deadline == nil && next < 100_000_000)
        #expect(site.begin(request("bob", "a:b", from: "192.0.2.2")) != nil)
        #expect(site.asked.count == 3)
        #expect(second.take(1).map(Gated.Result.init) == .admitted)
        #expect(third.take(next).map(Gated.Result.init) == .admitted, "its credentials are known by now")
        #expect(site.asked.count == 3)
        #expect(first.take(next).map(Gated.Result.init) == .status(401))
    }

    @Test("Those that are being verified count as wrong as long as it is not known")
    func suspected() throws {
        let site = try Gated(hashes)
        site.fail(4, from: "192.0.2.1")
        let fifth = try #require(site.begin(request("alice", "x")))
        let sixth = try #require(site.begin(request("alice", "x")))
        #expect(fifth.take(1).map(Gated.Result.init) == .status(401))
        #expect(sixth.take(100_000_000).map(Gated.Result.init) == nil)
        #expect(sixth.deadline == .seconds(1))
    }

    @Test("A client that leaves has its login counted: each costs the same, whoever waits for its end")
    func leaving() throws {
        let site = try Gated(hashes)
        for count in 1...5 {
            _ = site.begin(request("alice", "x"))
            #expect(site.asked.count == count)
        }
        #expect(site.log(in: request("alice", "x")) == .waiting(until: .seconds(1)))
        #expect(site.lines.count == 1)
        let other = try Gated(hashes)
        _ = other.begin(request("alice", "open sesame"))
        #expect(other.log(in: request("alice", "open sesame")) == .admitted)
        #expect(other.asked.count == 1, "a right one is known even where nobody waited for it")
    }

    @Test("For clients that leave, no more is computed than what has begun, and each has its login counted")
    func leavingEarly() throws {
        let (begun, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let helpers = try HelperThreads(threadCount: 1, queueLimit: 8)
        let site = try Gated(
            hashes, helpers: helpers,
            verify: { _, _ in
                begun.signal()
                mayEnd.wait()
                return false
            })
        let first = try #require(site.begin(request("alice", "x")))
        begun.wait()
        for _ in 2...5 { _ = site.begin(request("alice", "x")) }
        #expect(first.take(0).map(Gated.Result.init) == nil)
        #expect(
            site.begin(request("alice", "x"))?.deadline == .start + LoginThrottle.retryInterval, "4 and one in progress"
        )
        // The one thread does what is in the queue in its order.
        let done = DispatchSemaphore(value: 0)
        let last = helpers.calculate { done.signal() }
        mayEnd.signal()
        try #require(last != nil)
        done.wait()
        #expect(first.take(0).map(Gated.Result.init) == .status(401))
        #expect(site.asked.count == 1)
        #expect(site.log(in: request("alice", "x")) == .waiting(until: .seconds(1)))
    }

    @Test("So many wait and no more; who waits for half a minute is told to come again")
    func waiting() throws {
        let site = try Gated(hashes)
        site.fail(5, from: "127.0.0.1")
        var waiting: [Login] = []
        for index in 0..<LoginThrottle.totalWaitingLimit {
            waiting.append(try #require(site.begin(request("alice", "x", from: "127.0.0.1")), "\(index)"))
        }
        let right = request("alice", "open sesame", from: "127.0.0.1")
        #expect(site.log(in: right) == .status(503))
        #expect(site.retryAfter(right) == 1)
        waiting.removeLast()
        let last = try #require(site.begin(right))
        // Two are verified and not asked for their results.
        let count = site.asked.count
        #expect(waiting[0].take(.seconds(1)) == nil && waiting[1].take(.seconds(1)) == nil)
        #expect(site.asked.count == count + 2)
        #expect(last.take(.seconds(29)) == nil)
        #expect(last.take(.seconds(30)).map(Gated.Result.init) == .status(503))
    }

    @Test("Where no more work is taken, nothing is verified, and it is 503")
    func noThreads() throws {
        let site = try Gated(hashes, helpers: HelperThreads(threadCount: 1, queueLimit: 0))
        let right = request("alice", "open sesame")
        for _ in 0..<30 { #expect(site.log(in: right) == .status(503)) }
        #expect(site.retryAfter(right) == 1)
        #expect(site.asked.isEmpty)
    }

    // MARK: What is said

    @Test("The challenge names scheme, realm and charset")
    func challenge() {
        let response = PasswordGate.challenge
        #expect(response.status == .unauthorized)
        let fields = response.fields.lines
        #expect(fields.contains("WWW-Authenticate: Basic realm=\"Martinet\", charset=\"UTF-8\"\r\n"))
    }

    @Test("The log has a line for the first wrong login of an address, and what follows in one when there is an end")
    func lines() throws {
        let lines = try { () throws -> Gated.Lines in
            let site = try Gated(hashes)
            site.fail(20, from: "192.0.2.1")
            #expect(site.log(in: request("alice", "open sesame", at: .seconds(20))) == .status(429))
            #expect(site.lines == ["192.0.2.1: wrong user name or password, user \"alice\""])
            return site.lineList
        }()
        #expect(
            lines.all == [
                "192.0.2.1: wrong user name or password, user \"alice\"",
                "192.0.2.1: 19 more wrong logins and 1 refused unseen, the last as user \"alice\"",
            ])
    }

    @Test("Random bytes admit nobody and do no harm")
    func random() throws {
        let site = try Gated(hashes, verify: { _, _ in false })
        var random = SeededGenerator(seed: 1)
        for round in 0..<5000 {
            var value = [UInt8]("Basic ".utf8)
            for _ in 0..<Int.random(in: 0..<20, using: &random) {
                let isAny = Int.random(in: 0..<16, using: &random) == 0
                value.append(UInt8.random(in: isAny ? 0...255 : 43...106, using: &random))
            }
            var request = Request(field: "Authorization", value)
            request.arrival = .seconds(round * 20)
            #expect(site.log(in: request) == .status(401))
        }
    }

    // MARK: Requests

    private func request(_ credentials: String, at time: MonotonicTime = .start) -> Request {
        Request("/", [("Authorization", credentials)], at: time)
    }

    private func request(
        _ user: String, _ password: String, from address: String = "192.0.2.1", at time: MonotonicTime = .start
    ) -> Request {
        Gated.request(user, password, from: address, at: time)
    }
}

/// A gate whose passwords are the ends of their hashes, and whose threads do everything at once.
private final class Gated {
    enum Result: Equatable {
        case admitted
        case status(Int)
        case waiting(until: MonotonicTime?)

        init(_ outcome: Login.Outcome) {
            switch outcome {
            case .right: self = .admitted
            case .refused(let response): self = .status(response.status.rawValue)
            }
        }
    }

    final class Lines {
        fileprivate(set) var all: [String] = []
    }

    struct Question {
        let password: [UInt8]
        let hash: String
    }

    private final class Questions: Sendable {
        let all = Mutex<[Question]>([])
    }

    private let gate: PasswordGate
    private let questions = Questions()
    let lineList = Lines()

    init(
        _ hashes: [String: String], helpers: HelperThreads? = nil, code: @escaping ([UInt8]) -> [UInt8] = { $0 },
        verify: @escaping @Sendable ([UInt8], String) -> Bool = { [UInt8]("hash of ".utf8) + $0 == [UInt8]($1.utf8) }
    ) throws {
        let (questions, lines) = (questions, lineList)
        let verification = PasswordVerification(
            helpers: try helpers ?? HelperThreads(threadCount: 0, queueLimit: 1),
            verify: { password, hash in
                questions.all.withLock { $0.append(Question(password: password, hash: hash)) }
                return verify(password, hash)
            }, code: code)
        gate = PasswordGate(hashes, verification) { lines.all.append($0) }
    }

    /// The passwords that were verified, and with what.
    var asked: [Question] { questions.all.withLock { $0 } }
    var lines: [String] { lineList.all }

    /// What a login has come to by a time, its own one where none is given.
    func log(in request: Request, until time: MonotonicTime? = nil) -> Result {
        switch gate.admit(request) {
        case .admitted: return .admitted
        case .refused(let response): return .status(response.status.rawValue)
        case .login(let login):
            // Once for its turn, and once for the result.
            for _ in 0..<2 {
                if let outcome = login.take(time ?? request.arrival) { return Result(outcome) }
            }
            return .waiting(until: login.deadline)
        }
    }

    /// A login that is not over at once.
    func begin(_ request: Request) -> Login? {
        if case .login(let login) = gate.admit(request) { login } else { nil }
    }

    func retryAfter(_ request: Request) -> Int? {
        guard case .refused(let response) = gate.admit(request) else { return nil }
        let fields = response.fields.lines
        return fields.split(separator: "\r\n").first { $0.hasPrefix("Retry-After: ") }
            .flatMap { Int($0.dropFirst("Retry-After: ".count)) }
    }

    /// As many wrong logins, begun at the beginning of time, each as late as it has to be.
    func fail(_ count: Int, from address: String) {
        for index in 0..<count {
            let isDelayed = index >= LoginThrottle.delayThreshold
            let result = log(
                in: Self.request("alice", "x", from: address, at: 0),
                until: isDelayed ? .start + LoginThrottle.delay : 0)
            if result != .status(401) { Issue.record("wrong login \(index): \(result)") }
        }
    }

    static func request(_ user: String, _ password: String, from address: String, at time: MonotonicTime) -> Request {
        let encoded = String(decoding: Base64.encode([UInt8]("\(user):\(password)".utf8)), as: UTF8.self)
        var request = Request(
            "/", [("Authorization", "Basic " + encoded)], at: time)
        let octets = address.split(separator: ".").reduce(UInt32(0)) { $0 << 8 | (UInt32($1) ?? 0) }
        request.peer = Peer(address: address, port: 1, addressBlock: AddressBlock(v4: octets))
        return request
    }
}
