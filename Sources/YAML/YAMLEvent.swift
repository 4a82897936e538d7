import CMartinetYAML

/// One event of libyaml's, released when nobody looks at it any more.
///
/// Safe: its pointers are its own until then, and leave it only as copies.
@safe struct YAMLEvent: ~Copyable {
    private var raw: yaml_event_t

    init(owning raw: yaml_event_t) {
        unsafe self.raw = raw
    }

    deinit {
        var raw = unsafe raw
        unsafe yaml_event_delete(&raw)
    }

    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias, scalar, sequenceStart, sequenceEnd, mappingStart, mappingEnd
        case other
    }

    var kind: Kind {
        switch unsafe raw.type {
        case YAML_STREAM_START_EVENT: .streamStart
        case YAML_STREAM_END_EVENT: .streamEnd
        case YAML_DOCUMENT_START_EVENT: .documentStart
        case YAML_DOCUMENT_END_EVENT: .documentEnd
        case YAML_ALIAS_EVENT: .alias
        case YAML_SCALAR_EVENT: .scalar
        case YAML_SEQUENCE_START_EVENT: .sequenceStart
        case YAML_SEQUENCE_END_EVENT: .sequenceEnd
        case YAML_MAPPING_START_EVENT: .mappingStart
        case YAML_MAPPING_END_EVENT: .mappingEnd
        default: .other
        }
    }

    /// What stands in one line is as wide as it is; of more, the first character.
    var place: YAMLPlace {
        let (start, end) = unsafe (raw.start_mark, raw.end_mark)
        let width = start.line == end.line ? max(1, Int(end.column) - Int(start.column)) : 1
        return YAMLPlace(line: Int(start.line) + 1, column: Int(start.column) + 1, width: width)
    }

    /// Of a scalar: its text.
    var text: String {
        guard kind == .scalar, let value = unsafe raw.data.scalar.value else { return "" }
        let bytes = unsafe UnsafeBufferPointer(start: value, count: raw.data.scalar.length)
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// Of a scalar: whether it is without quotation marks, and no block.
    var isPlain: Bool { unsafe kind == .scalar && raw.data.scalar.style == YAML_PLAIN_SCALAR_STYLE }

    /// Whether `&name` stands before it.
    var hasAnchor: Bool {
        switch kind {
        case .scalar: unsafe raw.data.scalar.anchor != nil
        case .sequenceStart: unsafe raw.data.sequence_start.anchor != nil
        case .mappingStart: unsafe raw.data.mapping_start.anchor != nil
        default: false
        }
    }

    /// Whether `!name` stands before it.
    var hasTag: Bool {
        switch kind {
        case .scalar: unsafe raw.data.scalar.tag != nil
        case .sequenceStart: unsafe raw.data.sequence_start.tag != nil
        case .mappingStart: unsafe raw.data.mapping_start.tag != nil
        default: false
        }
    }
}
