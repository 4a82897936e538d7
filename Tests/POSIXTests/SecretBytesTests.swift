import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Bytes that are wiped", .serialized, .timeLimit(.minutes(5)))
struct SecretBytesTests {
    @Test("They are in memory for as long as somebody has them, and nowhere afterwards")
    func wiped() throws {
        var secret: SecretBytes? = .random(1000)
        let ends = try #require(secret?.turnedEnds)
        let memory = try ProcessMemory()
        for end in ends { #expect(memory.contains(turned: end)) }
        secret = nil
        for end in ends { #expect(!memory.contains(turned: end)) }
    }

    @Test("Joining, taking apart and reading leave nothing behind")
    func copies() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("secret")
        // Longer than the room that reading begins with.
        var secret: SecretBytes? = .random(70_000)
        let ends = try #require(secret?.turnedEnds)
        try secret?.withSpan { try WholeFile.write($0, to: path, mode: 0o600) }
        var read: SecretBytes? = try SecretBytes.read(path)
        #expect(read == secret && read?.count == 70_000)
        var joined: SecretBytes? = SecretBytes.joined([try #require(secret), try #require(read)])
        var parts = joined?.parts
        #expect(parts?.count == 2 && parts?.first == secret && parts?.last == read)
        read?.withBytes { #expect($0.count == 70_000) }
        let memory = try ProcessMemory()
        (secret, read, joined, parts) = (nil, nil, nil, nil)
        for end in ends { #expect(!memory.contains(turned: end)) }
    }

    @Test("Parts come back as they were, and what was not joined is none")
    func parts() {
        for lengths in [[], [0], [1], [0, 0], [3, 0, 70_000]] {
            let parts = lengths.map(SecretBytes.random)
            #expect(SecretBytes.joined(parts).parts == parts)
        }
        for bytes in [[0], [0, 0, 0], [0, 0, 0, 1], [255, 255, 255, 255, 0], [0, 0, 0, 1, 7, 0]] as [[UInt8]] {
            #expect(SecretBytes(bytes).parts == nil)
        }
    }

    @Test("Equal are those with the same bytes")
    func equality() {
        #expect(SecretBytes([1, 2] as [UInt8]) == SecretBytes([1, 2] as [UInt8]))
        #expect(SecretBytes([1, 2] as [UInt8]) != SecretBytes([1, 3] as [UInt8]))
        #expect(SecretBytes([1] as [UInt8]) != SecretBytes([1, 0] as [UInt8]))
    }

    @Test("A file that is not there, and one that never ends, are refused")
    func files() {
        #expect(throws: SystemError.self) { _ = try SecretBytes.read("/nonexistent") }
        #expect(throws: SystemError.self) { _ = try SecretBytes.read("/dev/zero") }
    }
}
