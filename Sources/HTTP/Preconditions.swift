import Bytes

/// What a conditional request depends on: the validators of the selected representation (RFC 9110 §8.8).
package struct Validators: Equatable, Sendable {
    package let entityTag: EntityTag
    /// Seconds since 1970.
    package let lastModified: Int

    package init(entityTag: EntityTag, lastModified: Int) {
        self.entityTag = entityTag
        self.lastModified = lastModified
    }
}

/// Conditional requests (RFC 9110 §13).
package enum Preconditions {
    package enum Outcome: Equatable, Sendable {
        case proceed
        /// 304 for GET and HEAD.
        case notModified
        /// 412.
        case failed
    }

    /// Whether the request has any of the fields below: where it has none, there is nothing to evaluate.
    package static func areIn(_ request: borrowing Request) -> Bool {
        request.has(.ifNoneMatch) || request.has(.ifModifiedSince) || request.has(.ifMatch)
            || request.has(.ifUnmodifiedSince)
    }

    /// Evaluates them in the order of §13.2.2 for a representation that exists.
    package static func evaluate(_ request: borrowing Request, _ validators: Validators) -> Outcome {
        if request.has(.ifMatch) {
            guard matches(.ifMatch, request, { validators.entityTag.matchesStrongly($0) }) else { return .failed }
        } else if let limit = date(.ifUnmodifiedSince, request) {
            guard validators.lastModified <= limit else { return .failed }
        }
        let isReading = request.method == .get || request.method == .head
        if request.has(.ifNoneMatch) {
            if matches(.ifNoneMatch, request, { validators.entityTag.matchesWeakly($0) }) {
                return isReading ? .notModified : .failed
            }
        } else if isReading, let limit = date(.ifModifiedSince, request) {
            if validators.lastModified <= limit { return .notModified }
        }
        return .proceed
    }

    /// Whether a Range field may be honoured: If-Range is absent or names this very representation (§13.1.5).
    package static func allowRange(_ request: borrowing Request, _ validators: Validators) -> Bool {
        guard let value = request.value(of: .ifRange) else { return true }
        guard request.count(of: .ifRange) == 1 else { return false }
        let text = request.bytes.span.extracting(value)
        if let tag = EntityTag(text) { return validators.entityTag.matchesStrongly(tag) }
        // An exact match, as the date is used as a validator and not as a limit.
        return HTTPDate.parse(text, now: request.date) == validators.lastModified
    }

    private static func matches(
        _ name: FieldName, _ request: borrowing Request, _ isMatch: (EntityTag) -> Bool
    ) -> Bool {
        let bytes = request.bytes
        var isFound = false
        ListParser.forEachElement(of: name, in: request) { element in
            let text = bytes.span.extracting(element)
            if text.count == 1, text[0] == UInt8(ascii: "*") {
                isFound = true
            } else if let tag = EntityTag(text), isMatch(tag) {
                isFound = true
            }
            return !isFound
        }
        return isFound
    }

    /// The field's date; nil where it is absent, repeated or not a date, for then it is to be ignored.
    private static func date(_ name: FieldName, _ request: borrowing Request) -> Int? {
        guard let value = request.value(of: name), request.count(of: name) == 1 else { return nil }
        return HTTPDate.parse(request.bytes.span.extracting(value), now: request.date)
    }
}
