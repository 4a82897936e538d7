import MartinetBytes
import MartinetHTTP
import MartinetHTTP1

/// A request target, to the path beneath a root that it leads to: no segment may be empty, `.` or `..`, nor hold a
/// NUL, and what is written back leads to the same place.
enum PathTarget {
    static func run(_ bytes: [UInt8]) {
        var request = Request()
        let head = [UInt8]("OPTIONS ".utf8) + bytes + [UInt8](" HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        guard !bytes.contains(ASCII.lineFeed) else { return }
        do throws(MessageError) {
            try RequestParser.parse(head.span, into: &request)
        } catch {
            return
        }
        let encoded = [UInt8](request.bytes[request.path])
        let plain = plainly(encoded)
        let path: TargetPath
        do throws(TargetPath.Refusal) {
            path = try TargetPath(request, allowsHidden: true)
        } catch {
            expect(plain == nil, "\(encoded.text) was refused, but leads to \(plain?.text ?? "")")
            return
        }
        expect(
            path.relative == plain, "\(encoded.text) leads to \(path.relative.text), not \(plain?.text ?? "nowhere")")
        let segments = path.relative.isEmpty ? [] : path.relative.parts(separator: ASCII.slash)
        expect(!segments.contains { $0.isEmpty || $0.text == "." || $0.text == ".." }, "\(encoded.text): a dot segment")
        expect(!path.relative.contains(0), "\(encoded.text): a NUL")
        let unmerged = request.bytes[request.unmergedPath].split(separator: ASCII.slash).map([UInt8].init)
        expect(unmerged == segments, "\(encoded.text): two forms")
        checkHidden(request, encoded, segments)
        checkEncoding(path)
    }

    private static func checkHidden(_ request: Request, _ encoded: [UInt8], _ segments: [[UInt8]]) {
        let isHidden = segments.contains { $0.first == ASCII.dot && $0.text != ".well-known" }
        do throws(TargetPath.Refusal) {
            let path = try TargetPath(request)
            expect(!isHidden && path.relative.parts(separator: ASCII.slash) == segments || segments.isEmpty, "hidden")
        } catch {
            expect(isHidden && error == .hidden, "\(encoded.text) was refused: \(error)")
        }
    }

    private static func checkEncoding(_ path: TargetPath) {
        let written = TargetPath.encode(path.relative)
        let plain = Set("/.-_~,@+%".utf8)
        expect(written.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || plain.contains($0) }, written.text)
        expect(!written.starts(with: [ASCII.slash, ASCII.slash]), "\(written.text) names a host")
        do throws(TargetPath.Refusal) {
            var request = Request()
            request.reset(written.span)
            request.setPath(0..<written.count)
            let again = try TargetPath(request, allowsHidden: true)
            expect(again.relative == path.relative, "\(written.text) leads to \(again.relative.text)")
        } catch {
            fatalError("\(written.text) is refused: \(error)")
        }
    }

    /// RFC 3986 §2.1, §5.2.4: decoded first; nil where refused.
    private static func plainly(_ encoded: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        var rest = encoded[...]
        while let byte = rest.popFirst() {
            if byte == ASCII.backslash { return nil }
            guard byte == ASCII.percent else {
                decoded.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ ASCII.hexadecimalValue($0) != nil }),
                let value = UInt8([UInt8](digits).text, radix: 16), value != 0
            else { return nil }
            decoded.append(value)
            rest = rest.dropFirst(2)
        }
        var segments: [[UInt8]] = []
        for segment in decoded.parts(separator: ASCII.slash) {
            if segment == [ASCII.dot, ASCII.dot] {
                _ = segments.popLast()
            } else if !segment.isEmpty, segment != [ASCII.dot] {
                segments.append(segment)
            }
        }
        return [UInt8](segments.joined(separator: [ASCII.slash]))
    }
}
