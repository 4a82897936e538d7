import Glibc
import MartinetHTTP
import MartinetPOSIX
import Testing

@testable import MartinetResponders

@Suite("Why what stands behind a gateway does not answer")
struct GatewayFailureTests {
    @Test(
        "What the kernel says of a program is told apart",
        arguments: [
            (EACCES, false, nil, .forbidden, "chmod +x"),
            (EACCES, true, "#!/nowhere/sh", .badGateway, "bad interpreter in its first line \"#!/nowhere/sh\""),
            (ENOENT, true, "#!/bin/sh\r", .badGateway, "DOS line end"),
            (ENOEXEC, true, nil, .badGateway, "neither a program"),
            (E2BIG, true, nil, .badGateway, "fields are too long"),
            (EMFILE, true, nil, .serviceUnavailable, "could not be started"),
            (ENOMEM, true, "#!/bin/sh", .serviceUnavailable, "could not be started"),
            (EAGAIN, true, "#!/bin/sh", .serviceUnavailable, "could not be started"),
            (EIO, true, "#!/bin/sh", .badGateway, "could not be started"),
        ] as [(CInt, Bool, String?, StatusCode, String)])
    func starting(code: CInt, isExecutable: Bool, firstLine: String?, status: StatusCode, words: String) {
        let failure = GatewayFailure(
            starting: SystemError("posix_spawn", code: code), isExecutable: isExecutable, firstLine: firstLine)
        #expect(failure.status == status && failure.reason.contains(words), "\(failure.reason)")
        #expect((failure.retryAfter != nil) == (status == .serviceUnavailable))
    }

    @Test(
        "So is what it says of an interpreter, of room for content, and of a path",
        arguments: [
            (EMFILE, .serviceUnavailable, .serviceUnavailable, .serviceUnavailable),
            (ENOENT, .badGateway, .badGateway, .badGateway), (EIO, .badGateway, .badGateway, .badGateway),
            (ENOSPC, .serviceUnavailable, .serviceUnavailable, .serviceUnavailable),
            (EACCES, .badGateway, .badGateway, .forbidden),
        ] as [(CInt, StatusCode, StatusCode, StatusCode)])
    func others(code: CInt, interpreter: StatusCode, room: StatusCode, path: StatusCode) {
        let error = SystemError("open", code: code)
        let started = GatewayFailure(starting: error, interpreter: "/usr/bin/php-cgi")
        #expect(started.status == interpreter && started.reason.contains("with /usr/bin/php-cgi"))
        let kept = GatewayFailure(keeping: .file(error), in: "/var/tmp", .script)
        #expect(kept.status == room && kept.reason.contains("/var/tmp"))
        let unread = GatewayFailure(reading: error)
        #expect(unread.status == room && unread.reason.contains("could not be read"))
        #expect(GatewayFailure(.unreachable(error)).status == path)
    }
}
