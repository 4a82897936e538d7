import Foundation
import Testing

@Suite("Large content to and from scripts (CGI, RFC 3875 §4.2, §6)", .serialized)
struct CGIBulkTests {
    /// Content that comes in chunks is collected in a file.
    private static var hasRoom: Bool {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: "/var/tmp")
        return (attributes?[.systemFreeSize] as? Int ?? 0) > 2 << 30
    }

    /// What both sides know: /cgi-bin/pour writes it, and /cgi-bin/sum is sent it.
    private let content = """
        import hashlib, http.client, random
        block = memoryview(random.Random(7).randbytes(1_048_583))
        count = 1 << 30

        def blocks():
            left = count
            while left > 0:
                yield block[:left]
                left -= len(block)

        link = http.client.HTTPSConnection("localhost", port, timeout=120, context=trust)

        """

    @Test(
        "A gibibyte reaches a script as it was sent, and costs no memory",
        .enabled(if: hasRoom, "/var/tmp has no room for 2 GiB"),
        arguments: [false, true])
    func upload(isChunked: Bool) throws {
        try inFlatMemory { server in
            try server.python(
                content
                    + """
                    digest = hashlib.sha256()

                    def hashed():
                        for part in blocks():
                            digest.update(part)
                            yield part

                    isChunked = \(isChunked ? "True" : "False")
                    fields = {"Transfer-Encoding": "chunked"} if isChunked else {"Content-Length": str(count)}
                    link.request("POST", "/cgi-bin/sum", hashed(), fields, encode_chunked=isChunked)
                    response = link.getresponse()
                    words = response.read().decode().split()
                    assert words == [str(count), str(count), digest.hexdigest()], (response.status, words)
                    """, within: .seconds(120))
        }
    }

    @Test("A gibibyte arrives from a script as it was written, and costs no memory", arguments: [false, true])
    func download(isChunked: Bool) throws {
        try inFlatMemory { server in
            try server.python(
                content
                    + """
                    link.request("GET", f"/cgi-bin/pour?{count}\(isChunked ? "" : "&length")")
                    response = link.getresponse()
                    assert response.status == 200
                    assert response.getheader("Content-Length") == (\(isChunked ? "None" : "str(count)"))
                    room = memoryview(bytearray(len(block)))
                    for expected in blocks():
                        filled = 0
                        while filled < len(expected):
                            got = response.readinto(room[filled:len(expected)])
                            assert got, "it ended early"
                            filled += got
                        assert room[:filled] == expected
                    assert response.read() == b""
                    """, within: .seconds(120))
        }
    }

    private func inFlatMemory(_ body: (Server) throws -> Void) throws {
        try ScriptServer.run { server, _ in
            let worker = try #require(server.workers.first)
            try Kernel.forgetPeak(of: worker)
            let before = Kernel.peakMemory(of: worker)
            try body(server)
            let grown = Kernel.peakMemory(of: worker) - before
            if Kernel.isMemoryExact { #expect(grown < 8 * 1024 * 1024, "\(grown) bytes more") }
        }
    }
}
