package import MartinetEvents
package import MartinetHTTP

extension Request {
    /// A request as a connection would hand it over, without the bytes between its parts.
    package init(
        _ path: String = "/", query: String? = nil, method: MartinetHTTP.Method = .get, authority: String = "",
        _ fields: [(name: String, value: String)] = [], at arrival: MonotonicTime = .start
    ) {
        self.init()
        self.method = method
        setPath(add([UInt8](path.utf8)))
        self.query = query.map { add([UInt8]($0.utf8)) }
        self.authority = add([UInt8](authority.utf8))
        for field in fields { append(field.name, [UInt8](field.value.utf8)) }
        self.arrival = arrival
        // Later than every file that tests make, so that their dates are settled.
        date = WallTime(seconds: 4_000_000_000)
    }

    /// A request with these field lines and nothing else; its bytes are theirs alone.
    package init(fields: [(String, String)], method: MartinetHTTP.Method = .get) {
        self.init()
        self.method = method
        for (name, value) in fields { append(name, [UInt8](value.utf8)) }
    }

    /// A request in which one field has these lines, and nothing else.
    package init(field name: String, _ lines: [String]) {
        self.init(fields: lines.map { (name, $0) })
    }

    /// A request with one field line, whose value may be any bytes, and nothing else.
    package init(field name: String, _ value: [UInt8]) {
        self.init()
        append(name, value)
    }

    /// Appends a field line.
    package mutating func append(_ name: String, _ value: [UInt8]) {
        let bytes = [UInt8](name.utf8)
        append(FieldLine(name: add(bytes), value: add(value), known: FieldName(bytes.span)))
    }

    /// Appends bytes, and says where they stand.
    private mutating func add(_ new: [UInt8]) -> Range<Int> {
        let start = bytes.count
        bytes += new
        return start..<bytes.count
    }
}
