import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// What a request gets of a representation: all of it, parts of it, or the news that it need not be sent.
enum RepresentationAnswer {
    /// Where the representation's bytes are, in its coding.
    enum Content {
        case bytes([UInt8])
        case file(OpenFile)

        var byteCount: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(let file): file.status.byteCount
            }
        }
    }

    /// Whether the request could get anything but the whole, so that preconditions and ranges must be looked at.
    static func isSelective(_ request: borrowing Request) -> Bool {
        Preconditions.areIn(request) || request.has(.range)
    }

    /// The response to a request whose preconditions are not fulfilled (RFC 9110 §13.2); nil where they are.
    static func unfulfilled(_ request: borrowing Request, _ representation: Representation) -> Response? {
        switch Preconditions.evaluate(request, representation.validators) {
        case .proceed: nil
        case .notModified: Response(.notModified, fields: representation.notModifiedFields)
        case .failed: .error(.preconditionFailed, "The file has changed, or does not match the condition.")
        }
    }

    static func make(_ request: borrowing Request, _ representation: Representation, _ content: Content) -> Answer {
        if let response = unfulfilled(request, representation) { return .complete(response) }
        // Range is defined for GET alone (RFC 9110 §14.2).
        // One of nothing cannot be satisfied, and may be passed over: who asks for ranges as a matter of course means the whole.
        if request.method == .get, !representation.isEncodedHere, content.byteCount > 0,
            Preconditions.allowRange(request, representation.validators)
        {
            switch ByteRanges(request, length: content.byteCount) {
            case .none: break
            case .satisfiable(let ranges): return parts(ranges, representation, content)
            case .unsatisfiable: return .complete(unsatisfiable(content.byteCount))
            }
        }
        return whole(representation, content)
    }

    /// The fields of a response to HEAD, without as much as a look at the content: the length of a coding that is made here
    /// is not known then (RFC 9110 §9.3.2).
    static func head(_ request: borrowing Request, _ representation: Representation) -> Answer {
        if let response = unfulfilled(request, representation) { return .complete(response) }
        let length = representation.isEncodedHere ? nil : representation.status.byteCount
        return .complete(Response(.ok, fields: representation.fields, content: .stream(length: length)))
    }

    /// All of it.
    static func whole(_ representation: Representation, _ content: Content) -> Answer {
        var response = Response(.ok, fields: representation.fields)
        switch content {
        case .bytes(let bytes):
            response.content = .bytes(bytes)
            return .complete(response)
        case .file(let file):
            response.content = .stream(length: file.status.byteCount)
            return .exchange(FileExchange(response, file: file, pieces: [.range(0..<file.status.byteCount)]))
        }
    }

    private static func unsatisfiable(_ byteCount: Int) -> Response {
        var response = Response.error(.rangeNotSatisfiable, "The file has \(byteCount) bytes.")
        var value = [UInt8]("bytes */".utf8)
        value.append(decimal: byteCount)
        response.fields.append("Content-Range", value)
        return response
    }

    // MARK: Parts (RFC 9110 §14)

    private static func parts(_ ranges: [Range<Int>], _ representation: Representation, _ content: Content) -> Answer {
        var fields = representation.fields
        var pieces: [FileExchange.Piece] = []
        if ranges.count == 1 {
            fields.append("Content-Range", contentRange(ranges[0], of: content.byteCount))
            pieces = [.range(ranges[0])]
        } else {
            // The boundary need not be secret, only absent from the content (RFC 2046 §5.1.1).
            let boundary = "martinet-\(String(UInt64.random(in: .min ... .max), radix: 36))"
            fields.replace("Content-Type", [UInt8]("multipart/byteranges; boundary=\(boundary)".utf8))
            for range in ranges {
                pieces.append(.bytes(partHead(boundary, range, representation, content.byteCount)))
                pieces.append(.range(range))
            }
            pieces.append(.bytes([UInt8]("\r\n--\(boundary)--\r\n".utf8)))
        }
        return send(Response(.partialContent, fields: fields), pieces, content)
    }

    private static func partHead(
        _ boundary: String, _ range: Range<Int>, _ representation: Representation, _ byteCount: Int
    ) -> [UInt8] {
        var head = [UInt8]("\r\n--\(boundary)\r\nContent-Type: ".utf8)
        head += representation.contentType
        head.append("\r\nContent-Range: ")
        head += contentRange(range, of: byteCount)
        head.append("\r\n\r\n")
        return head
    }

    private static func contentRange(_ range: Range<Int>, of byteCount: Int) -> [UInt8] {
        [UInt8]("bytes \(range.lowerBound)-\(range.upperBound - 1)/\(byteCount)".utf8)
    }

    private static func send(_ response: Response, _ pieces: [FileExchange.Piece], _ content: Content) -> Answer {
        var response = response
        switch content {
        case .file(let file):
            response.content = .stream(length: pieces.reduce(0) { $0 + $1.byteCount })
            return .exchange(FileExchange(response, file: file, pieces: pieces))
        case .bytes(let all):
            var selected: [UInt8] = []
            for piece in pieces {
                switch piece {
                case .bytes(let bytes): selected += bytes
                case .range(let range): selected += all[range]
                }
            }
            response.content = .bytes(selected)
            return .complete(response)
        }
    }
}
