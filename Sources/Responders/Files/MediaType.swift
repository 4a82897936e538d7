import MartinetBytes

/// What a file's name says of its media type.
struct MediaType {
    /// Without a charset, unless somebody said which.
    let name: [UInt8]
    /// The coding that every file of this name is in, whatever is accepted: a value of Content-Encoding.
    var coding: StaticString?
    /// Whether it is one of two types that share an extension, this one and MPEG-2 transport streams.
    var mayBeTransportStream = false

    static let transportStream = [UInt8]("video/mp2t".utf8)

    init(_ name: [UInt8], coding: StaticString? = nil, mayBeTransportStream: Bool = false) {
        self.name = name
        self.coding = coding
        self.mayBeTransportStream = mayBeTransportStream
    }

    /// Whether the file's content has a say in it.
    var dependsOnContent: Bool { coding == nil && (isText || mayBeTransportStream) }

    private var isText: Bool { name.span.hasPrefix("text/") && !name.contains(ASCII.semicolon) }

    /// The value of Content-Type: text says that it is UTF-8, unless it is not, or says itself that it is something else.
    ///
    /// - Parameter facts: of the file's content; nil where it is not known.
    func contentType(_ facts: TextFacts?) -> [UInt8] {
        if mayBeTransportStream, coding == nil, facts?.contains(.transportStream) == true {
            return Self.transportStream
        }
        guard isText, facts.map(isUTF8) ?? true else { return name }
        return name + [UInt8]("; charset=utf-8".utf8)
    }

    private func isUTF8(_ facts: TextFacts) -> Bool {
        let other: TextFacts =
            switch String(decoding: name, as: UTF8.self) {
            case "text/html": .otherHTML
            case "text/xml": .otherXML
            case "text/css": .otherCSS
            default: []
            }
        return facts.contains(.utf8) && facts.isDisjoint(with: other)
    }
}
