import Foundation
import Testing

@Suite("What is left of secrets in the processes' memory")
struct MemoryTests {
    @Test("No worker has the text of the key or of the authority's, which it was never sent, after its start")
    func keys() throws {
        try Server.run { server in
            #expect(try server.curl("-f").status == 0)
            let folder = URL(filePath: server.authority).deletingLastPathComponent()
            let keys = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.lastPathComponent != "authority.pem" }
            #expect(keys.count == 2)
            let chain = try Self.line(server.authority)
            for worker in server.workers {
                for key in keys {
                    #expect(try !Self.memory(of: worker, holds: Self.line(key.path())), "\(key.lastPathComponent)")
                }
                // The search finds what is there.
                #expect(try Self.memory(of: worker, holds: "martinet"), "\(chain.count)")
            }
        }
    }

    /// The first line of base64 in a PEM file: of its key, where it has one.
    private static func line(_ path: String) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try #require(text.split(separator: "\n").dropFirst().first).description
    }

    /// Whether a text stands in the memory that a process can write to; whoever may not look finds nothing.
    private static func memory(of process: Int32, holds text: String) throws -> Bool {
        let script = """
            import sys
            process, text = sys.argv[1], sys.argv[2].encode()
            try:
                with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
                    for line in maps:
                        if " rw" not in line: continue
                        start, end = (int(word, 16) for word in line.split()[0].split("-"))
                        # What a sanitizer notes of the whole address space: no worker has as much of its own.
                        if end - start > 1 << 32: continue
                        memory.seek(start)
                        try:
                            if text in memory.read(end - start): print("found")
                        except OSError:
                            pass
            except PermissionError:
                print("found" if text == b"martinet" else "")
            """
        let outcome = try Client.run(["python3", "-c", script, "\(process)", text])
        #expect(outcome.status == 0, "\(outcome.err)")
        return outcome.out.contains("found")
    }
}
