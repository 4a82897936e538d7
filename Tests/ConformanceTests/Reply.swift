/// A response as a strict client reads it.
struct Reply: Equatable {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    var status = 0
    var fields: [(name: String, value: String)] = []
    var content: [UInt8] = []

    static func == (left: Reply, right: Reply) -> Bool {
        left.status == right.status && left.content == right.content
            && left.fields.map(\.name) == right.fields.map(\.name)
            && left.fields.map(\.value) == right.fields.map(\.value)
    }

    /// The values of all lines with this name; nil when there is none.
    func value(of name: String) -> String? {
        let values = fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    func count(of name: String) -> Int { fields.count { $0.name.lowercased() == name.lowercased() } }

    /// Reads the reply at the front of `bytes` and removes it from there.
    init(_ bytes: inout ArraySlice<UInt8>, isToHead: Bool) throws {
        let statusLine = try Self.line(&bytes)
        guard statusLine.wholeMatch(of: #/HTTP/1\.1 [1-9][0-9][0-9] [\x20-\x7e]*/#) != nil,
            let status = Int(statusLine.dropFirst(9).prefix(3))
        else { throw Malformed(description: "status line \"\(statusLine)\"") }
        self.status = status
        while true {
            let line = try Self.line(&bytes)
            if line.isEmpty { break }
            guard let match = line.wholeMatch(of: #/([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([^\x00-\x08\x0a-\x1f\x7f]*)/#)
            else {
                throw Malformed(description: "field line \"\(line)\"")
            }
            fields.append((String(match.1), String(match.2)))
        }
        try readContent(&bytes, isToHead: isToHead)
        try check()
    }

    private static func line(_ bytes: inout ArraySlice<UInt8>) throws -> String {
        guard let end = bytes.firstIndex(of: 0x0A), end > bytes.startIndex, bytes[end - 1] == 0x0D else {
            throw Malformed(
                description: "a line without its end: \"\(String(decoding: bytes.prefix(80), as: UTF8.self))\"")
        }
        defer { bytes = bytes[(end + 1)...] }
        return String(decoding: bytes[bytes.startIndex..<(end - 1)], as: UTF8.self)
    }

    private mutating func readContent(_ bytes: inout ArraySlice<UInt8>, isToHead: Bool) throws {
        let length = value(of: "Content-Length")
        let coding = value(of: "Transfer-Encoding")
        let hasNone = status < 200 || status == 204 || status == 304
        if length != nil, coding != nil { throw Malformed(description: "Content-Length and Transfer-Encoding") }
        if status < 200 || status == 204, length != nil || coding != nil {
            throw Malformed(description: "\(status) with framing")
        }
        if hasNone || isToHead { return }
        if let coding {
            guard coding == "chunked" else { throw Malformed(description: "Transfer-Encoding: \(coding)") }
            while true {
                let size = try Self.line(&bytes)
                guard let count = Int(size, radix: 16), count <= bytes.count else {
                    throw Malformed(description: "chunk size \(size)")
                }
                content += bytes.prefix(count)
                bytes = bytes.dropFirst(count)
                guard try Self.line(&bytes).isEmpty else { throw Malformed(description: "a chunk without its end") }
                if count == 0 { return }
            }
        }
        guard let length, let count = Int(length) else { throw Malformed(description: "\(status) without framing") }
        guard count <= bytes.count else { throw Malformed(description: "\(bytes.count) bytes of \(count)") }
        content = Array(bytes.prefix(count))
        bytes = bytes.dropFirst(count)
    }

    /// What holds for every response.
    private func check() throws {
        guard status >= 200 else { return }
        let day =
            #/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3]\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT/#
        guard count(of: "Date") == 1, value(of: "Date")?.wholeMatch(of: day) != nil else {
            throw Malformed(description: "no single valid Date (RFC 9110 §6.6.1)")
        }
        for name in ["Content-Length", "Content-Type", "ETag", "Last-Modified", "Location", "Content-Range"]
        where count(of: name) > 1 { throw Malformed(description: "several \(name)") }
        if let date = value(of: "Last-Modified"), date.wholeMatch(of: day) == nil {
            throw Malformed(description: "Last-Modified: \(date)")
        }
        if let tag = value(of: "ETag"), tag.wholeMatch(of: #/(W/)?"[\x21\x23-\x7e]*"/#) == nil {
            throw Malformed(description: "ETag: \(tag)")
        }
        let needed = [
            405: "Allow", 401: "WWW-Authenticate", 301: "Location", 302: "Location", 307: "Location",
            308: "Location", 416: "Content-Range", 426: "Upgrade",
        ]
        if let name = needed[status], count(of: name) == 0 {
            throw Malformed(description: "\(status) without \(name)")
        }
        if !content.isEmpty, count(of: "Content-Type") == 0 { throw Malformed(description: "content without a type") }
    }
}
