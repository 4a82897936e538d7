import MartinetBytes

extension Kind where Value == String {
    /// The name of a field that an operator may set.
    static var fieldName: Kind {
        text("Name", expected: "a field's name", holdsCommas: false) { name in
            guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isTokenCharacter) else { return Unfit() }
            return ServerFields.contains(name) ? Unfit("\(name) is for the server to send") : nil
        }
    }

    /// The same in lower case, as names are compared.
    static var loweredFieldName: Kind {
        let name = fieldName
        return Kind(placeholder: name.placeholder, expected: name.expected) { text, reading throws(Unfit) in
            try name.read(text, reading).lowercased()
        } show: {
            $0
        }
    }

    /// What a field may have for its value (RFC 9110 §5.5), without spaces at its ends.
    static var fieldValue: Kind {
        Kind(placeholder: " value", expected: "a field's value", holdsCommas: true) { text, _ throws(Unfit) in
            guard text.string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw Unfit("it holds a control character")
            }
            let bytes = Array(text.string.utf8)
            let range = bytes.span.trimmed(0..<bytes.count)
            return String(decoding: bytes[range], as: UTF8.self)
        } show: {
            $0
        }
    }

    /// What a browser can say in Origin (RFC 6454 §7), or `*` for all of them.
    static var origin: Kind {
        text("origin", expected: "an origin such as https://app.test, or *", holdsCommas: false) { text in
            if text == "*" || text == "null" { return nil }
            guard let scheme = text.firstRange(of: "://"), !text[..<scheme.lowerBound].isEmpty,
                !text[scheme.upperBound...].isEmpty
            else { return Unfit() }
            let host = text[scheme.upperBound...]
            if text != text.lowercased() {
                return Unfit("browsers compare it letter by letter, in lower case", "Write \(text.lowercased())")
            }
            guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !#"/?#@,;"\"#.utf8.contains($0) }) else {
                return Unfit(
                    "it has more than a scheme, a host and a port", "Leave out the path and the slash at its end.")
            }
            return nil
        }
    }

    /// A media type with its parameters (RFC 9110 §8.3.1).
    static var mediaType: Kind {
        text("type", expected: "a media type such as text/plain") { type in
            let names = type.prefix { $0 != ";" }.split(separator: "/", omittingEmptySubsequences: false)
            guard names.count == 2,
                names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ASCII.isTokenCharacter) }),
                type.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
            else { return Unfit() }
            return nil
        }
    }
}

extension Kind where Value == Int {
    /// The status of an error page.
    static var errorStatus: Kind {
        Kind(placeholder: "status", expected: "a status from 400 to 599") { text, _ throws(Unfit) in
            guard let status = text.decimal, (400...599).contains(status) else { throw Unfit() }
            return status
        } show: {
            String($0)
        }
    }
}

/// The fields that say how a response is sent, and what the server writes by itself: of a second line clients would believe the
/// wrong one (RFC 9112 §6.3).
enum ServerFields {
    static func contains(_ name: String) -> Bool { names.contains(name.lowercased()) }

    static let names: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "content-length", "content-range", "date",
    ]
}
