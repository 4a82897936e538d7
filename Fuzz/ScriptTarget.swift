import MartinetBytes
import MartinetHTTP

/// What a script writes first, cut at a place that the first two bytes tell: the same header or the same mistake however
/// it comes, and nothing in it that could begin a line of its own or speak for the connection.
enum ScriptTarget {
    static func run(_ bytes: [UInt8]) {
        guard bytes.count > 2 else { return }
        let text = [UInt8](bytes[2...]).expanded
        let cut = (Int(bytes[0]) << 8 | Int(bytes[1])) % (text.count + 1)
        let whole = parse(text, cuts: [text.count])
        expect(parse(text, cuts: [cut, text.count]) == whole, "another result when cut at \(cut)")
        if case .header(let header, let byteCount) = whole { check(header, byteCount, text) }
        checkVerbatim(text)
    }

    private enum Result: Equatable {
        case header(ScriptHeader, byteCount: Int)
        case mistake
        case incomplete
    }

    private static func parse(_ text: [UInt8], cuts: [Int]) -> Result {
        var lineStart = 0
        for cut in cuts {
            do throws(ScriptHeader.Mistake) {
                if let (header, byteCount) = try ScriptHeader.parse(text.span.extracting(0..<cut), from: &lineStart) {
                    return .header(header, byteCount: byteCount)
                }
            } catch {
                expect(!error.text.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "a control character in \(error.text)")
                return .mistake
            }
        }
        return .incomplete
    }

    private static func check(_ header: ScriptHeader, _ byteCount: Int, _ text: [UInt8]) {
        expect(byteCount <= ScriptHeader.byteLimit && text[byteCount - 1] == ASCII.lineFeed, "no end at \(byteCount)")
        expect((200...599).contains(header.status?.rawValue ?? 200), "status")
        expect(header.location?.isEmpty != true, "an empty location")
        expect(header.contentLength ?? 0 >= 0, "a negative length")
        header.fields.forEach { name, value in
            let (name, value) = ([UInt8](copying: name), [UInt8](copying: value))
            expect(!value.contains(where: ASCII.isControl), "\(value.text): a control character")
            expect(!name.isEmpty && name.allSatisfy(ASCII.isTokenCharacter), "\(name.text) is no name")
            let known = ["status", "content-length", "location", "connection", "transfer-encoding", "date"]
            expect(!known.contains(name.text.lowercased()), "\(name.text) is passed on")
        }
    }

    private static func checkVerbatim(_ text: [UInt8]) {
        do throws(ScriptHeader.Mistake) {
            guard let status = try VerbatimHead.status(of: text.span) else { return }
            expect((200...599).contains(status.rawValue), "status \(status)")
            expect(text.starts(with: "HTTP/1.".utf8), "no status line")
        } catch {
            return
        }
    }
}
