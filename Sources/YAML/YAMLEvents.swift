import CMartinetYAML

/// The events of a document, one after the other.
///
/// Safe: libyaml keeps pointers into its own state and to the input, so the state stands where it does not move, and the input
/// is a copy that lives as long.
@safe final class YAMLEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        unsafe input = .allocate(capacity: max(1, bytes.count))
        _ = unsafe input.initialize(from: bytes)
        guard unsafe yaml_parser_initialize(parser) == 1 else { return }
        // Without it, libyaml takes a file with zeros for UTF-16.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event. After a mistake there are no more.
    func next() throws(YAMLMistake) -> YAMLEvent {
        var raw = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &raw) == 1 else { throw failure }
        return unsafe YAMLEvent(owning: raw)
    }

    private var failure: YAMLMistake {
        let (problem, context) = unsafe (Self.text(parser.pointee.problem), Self.text(parser.pointee.context))
        let (mark, start) = unsafe (parser.pointee.problem_mark, parser.pointee.context_mark)
        let (sentence, wayOut) = Self.sentence(problem ?? "memory is exhausted", context)
        // Of what has no end, the place where it began says more than the end of the file.
        let isOpen = problem == "found unexpected end of stream" && context != nil
        let place = isOpen ? start : mark
        return YAMLMistake(YAMLPlace(line: Int(place.line) + 1, column: Int(place.column) + 1), sentence, wayOut)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    /// libyaml's words in ours.
    private static func sentence(_ problem: String, _ context: String?) -> (String, String?) {
        switch problem {
        case "found character that cannot start any token":
            (
                "no value can begin with this character.",
                "Indent with spaces, not tabs; put values that begin with @, `, % or a tab in 'quotes'."
            )
        case "mapping values are not allowed in this context":
            (
                "a colon stands where no key can be.",
                "Put a value that holds ': ' in 'quotes', and check the indentation of this line."
            )
        case "could not find expected ':'":
            ("there is no colon behind this key.", "Write key: value, with a space behind the colon.")
        case "did not find expected key", "did not find expected '-' indicator",
            "block sequence entries are not allowed in this context":
            ("this line's indentation fits nothing above it.", "Lines of one level begin in the same column.")
        case "did not find expected ',' or ']'":
            (
                "the list that began with [ has no end before this.",
                "Write ] behind its last value, and a comma between two."
            )
        case "did not find expected ',' or '}'":
            ("what began with { has no end before this.", "Write } behind its last value, and a comma between two.")
        case "did not find expected alphabetic or numeric character":
            ("* and & begin names that are not read here.", "Put a value that begins with * or & in 'quotes'.")
        case "did not find expected node content":
            (
                "a value is missing here.",
                "Close what was opened, and put a value that begins with -, ? or a comma in 'quotes'."
            )
        case "found unexpected end of stream":
            ("a quotation that begins here has no end.", "Write the quotation mark at its end.")
        case "found unknown escape character":
            (
                "\\ and this character mean nothing in \"double quotes\".",
                "Write \\\\ for a backslash, or use 'single quotes'."
            )
        case "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            ("a tab indents this line.", "Indent with spaces, not tabs.")
        default: ("this is not YAML: \(context.map { "\($0), " } ?? "")\(problem).", nil)
        }
    }
}
