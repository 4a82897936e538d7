import MartinetEvents
import MartinetResponders
import Testing

@testable import MartinetConfiguration
@testable import MartinetServer

// Until workers are given a configuration, what it says by default stands in their rooms as well.
@Suite("Defaults and names are those that workers have")
struct AgreementTests {
    @Test("Timeouts and limits")
    func limits() {
        let (limits, timeouts, own) = (Limits(), Timeouts(), WorkerLimits())
        #expect(
            timeouts.handshake == limits.handshake && timeouts.head == limits.head && timeouts.content == limits.content
        )
        #expect(timeouts.unreadContent == limits.unreadContent && timeouts.output == limits.output)
        #expect(timeouts.idle == limits.idle && timeouts.lingering == limits.lingering)
        #expect(timeouts.firstRequest == limits.firstRequest && timeouts.drain == limits.drain)
        #expect(timeouts.stall == limits.stall)
        #expect(own.slowReaderMemory.bytes == limits.slowReaderMemory && own.contentRate.bytes == limits.contentRate)
        #expect(own.reservedDescriptors == Limits.reservedDescriptors && own.fewDescriptors == Limits.fewDescriptors)
        #expect(own.turnBytes.bytes == Limits.bytesPerTurn && own.input.bytes == Limits.inputByteCount)
        #expect(own.turnTime == .nanoseconds(Limits.timePerTurn.nanoseconds))
        #expect(own.acceptsPerTurn == Limits.acceptsPerTurn && own.lastAcceptTurns == Limits.lastAcceptTurns)
    }

    @Test("Files and responses")
    func files() {
        let (site, files, policy) = (FileSite(root: "/"), Files(), Policy())
        #expect(files.indexNames == site.indexNames && files.hasListing == site.hasListing)
        #expect(files.showsHidden == site.showsHidden && files.followsLinks == site.followsLinks)
        #expect(files.fallbackFile == site.fallbackFile && files.mediaTypes.isEmpty && site.mediaTypes.isEmpty)
        #expect(policy.compresses == site.compresses && policy.usesPrecompressed == site.usesPrecompressed)
        #expect(policy.cache == nil && site.cacheControl == "no-cache")
    }

    @Test("Programs")
    func programs() {
        let (site, programs) = (CGISite(prefix: "/", directory: "/", documentRoot: "/"), Programs())
        #expect(programs.timeout == site.timeout && programs.totalTime == site.totalTime)
        #expect(programs.concurrency == site.concurrency && site.queueLength == 2 * site.concurrency)
        #expect(programs.queueTime == site.queueTime && programs.outputLimit?.bytes == site.outputByteLimit)
        #expect(
            programs.spoolsContent == site.spoolsContent && programs.passesAuthorization == site.passesAuthorization)
        #expect(programs.indexNames == site.indexNames && Policy().contentLimit.bytes == site.contentByteLimit)
    }

    @Test("Fields and variables that are the server's")
    func names() {
        for name in ServerFields.names { #expect(ConnectionFields.isReserved(name), "\(name)") }
        for name in ServerVariables.names { #expect(CGISite.isReserved(name), "\(name)") }
        for name in [
            "Date", "Content-Length", "Content-Range", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
        ]
            + ["Transfer-Encoding", "Upgrade", "Server", "X-A"]
        {
            #expect(ServerFields.contains(name) == ConnectionFields.isReserved(name), "\(name)")
        }
        for name in ["PATH_INFO", "HTTP_X", "SSL_X", "HTTPS", "REMOTE_USER", "SERVER_PORT", "HOME", "PATH", "TMPDIR"] {
            #expect(ServerVariables.contains(name) == CGISite.isReserved(name), "\(name)")
        }
    }
}
