import MartinetHTTP

extension Request {
    /// A request as a connection would hand it over, without the bytes between its parts.
    init(
        _ path: String = "/", query: String? = nil, method: MartinetHTTP.Method = .get, authority: String = "",
        _ fields: [(name: String, value: String)] = [], at arrival: Int64 = 0
    ) {
        self.init()
        self.method = method
        self.path = add(path)
        self.query = query.map { add($0) }
        self.authority = add(authority)
        for field in fields {
            let name = add(field.name)
            let value = add(field.value)
            append(FieldLine(name: name, value: value, known: FieldName([UInt8](field.name.utf8).span)))
        }
        self.arrival = arrival
        // Later than every file that tests make, so that their dates are settled.
        date = 4_000_000_000
    }

    private mutating func add(_ text: String) -> Range<Int> {
        let start = bytes.count
        bytes += [UInt8](text.utf8)
        return start..<bytes.count
    }
}
