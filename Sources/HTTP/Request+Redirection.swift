import MartinetBytes

extension Request {
    /// The request that a local redirection stands for (RFC 3875 §6.2.2): the same, but for another resource and
    /// without content.
    ///
    /// - Parameter target: an absolute path, and a query if there is a question mark; already encoded.
    package func redirected(to target: [UInt8]) -> Request {
        var request = Request()
        request.reset(bytes.span)
        for line in fields where !Self.describesContent(line.known) { request.append(line) }
        request.method = method == .head ? .head : .get
        request.methodName = method == .head ? methodName : request.add([UInt8]("GET".utf8))
        request.target = request.add(target)
        let start = request.target.lowerBound
        let pathEnd = target.firstIndex(of: ASCII.question) ?? target.count
        request.setPath(start..<start + pathEnd)
        request.query = pathEnd < target.count ? start + pathEnd + 1..<start + target.count : nil
        request.authority = authority
        request.version = version
        request.peer = peer
        request.arrival = arrival
        request.date = date
        request.redirectionCount = redirectionCount + 1
        return request
    }

    private static func describesContent(_ name: FieldName?) -> Bool {
        switch name {
        case .contentLength, .contentType, .transferEncoding, .expect: true
        default: false
        }
    }
}
