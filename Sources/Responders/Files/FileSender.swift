import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Sends files in the coding that was chosen: from memory, from the file, or as helper threads compress it.
final class FileSender {
    /// Where the answer to a request is kept, if it is one that can be.
    struct Slot {
        fileprivate let place: Int
        fileprivate let codings: Int
        /// What it is kept under; nil for the request's path.
        fileprivate let path: [UInt8]?
    }

    private let helpers: Helpers
    private let trust: Interval
    private var cache = FileCache()
    private let forms = EncodedForms()
    private var inspector = FileInspector()
    /// For large files: an encoder has memory for as long as its client takes.
    private let encoders = Allowance(encoderLimit)

    /// What is compressed at once: brotli takes 0.3 ms for it, and whoever waits for a helper thread waits longer.
    private static let immediateByteLimit = 8 * 1024
    /// Brotli has up to 1.9 MB for each. Who comes when all are in use gets the file as it is.
    private static let encoderLimit = 4

    /// - Parameter trust: for how long a file need not be looked at again.
    init(_ helpers: Helpers, trust: Interval) {
        self.helpers = helpers
        self.trust = trust
    }

    // MARK: Answers at hand

    func slot(for request: borrowing Request, _ codings: Int) -> Slot {
        let path = request.bytes.span.extracting(request.normalPath)
        return Slot(place: FileCache.place(of: path, codings: codings), codings: codings, path: nil)
    }

    /// Where a file is kept that is sent for whatever path is missing.
    func slot(forFallback name: [UInt8], _ codings: Int) -> Slot {
        // No path of a request begins like this.
        let path = [0] + name
        return Slot(place: FileCache.place(of: path.span, codings: codings), codings: codings, path: path)
    }

    func forget(_ slot: Slot) {
        cache.remove(at: slot.place)
    }

    /// The answer that needs no more than a look at the file; nil where there is none.
    func freshAnswer(_ request: borrowing Request, _ slot: Slot) -> Answer? {
        guard let entry = entry(request, slot), entry.isCurrent(trust: trust, now: request.arrival) else { return nil }
        return answer(request, entry)
    }

    private func entry(_ request: borrowing Request, _ slot: Slot) -> FileCache.Entry? {
        if let path = slot.path { return cache.entry(at: slot.place, for: path.span, codings: slot.codings) }
        return cache.entry(
            at: slot.place, for: request.bytes.span.extracting(request.normalPath), codings: slot.codings)
    }

    private func answer(_ request: borrowing Request, _ entry: FileCache.Entry) -> Answer {
        guard RepresentationAnswer.isSelective(request) else { return .prepared(entry.response) }
        if entry.isHeldBy(request) { return .prepared(entry.notModifiedResponse) }
        return RepresentationAnswer.make(request, entry.representation, .bytes(entry.content))
    }

    // MARK: Answers from files

    /// What a file's content says of it, read if it has to be.
    ///
    /// - Parameter isText: whether a large file is to be read for it, too.
    func inspect(
        _ file: OpenFile, isText: Bool, _ request: borrowing Request
    ) throws(FileRefusal) -> InspectedFile {
        try inspector.inspect(file, isText: isText, now: request.moment)
    }

    /// - Parameters:
    ///   - inspected: the file that was chosen, or another one, as it was just read.
    ///   - slot: nil where the answer is good for this request alone.
    func answer(
        _ request: borrowing Request, _ choice: RepresentationChoice, _ inspected: InspectedFile?, _ slot: Slot?
    ) throws(FileRefusal) -> Answer {
        let source =
            if let inspected, inspected.file === choice.file { inspected } else {
                try inspect(choice.file, isText: false, request)
            }
        let status = choice.file.status
        let representation = Representation(status, source.facts, choice.description)
        if let slot, let entry = entry(request, slot), entry.representation.status == status,
            entry.representation.fields == representation.fields
        {
            entry.renew(choice.pathStatuses, trust: trust, now: request.arrival)
            return answer(request, entry)
        }
        if request.method == .head, status.byteCount > Self.immediateByteLimit {
            return RepresentationAnswer.head(request, representation)
        }
        let subject = Subject(choice: choice, representation: representation, slot: slot, isSettled: source.isSettled)
        guard status.byteCount <= FileCache.fileByteLimit else { return try stream(request, subject) }
        if representation.isEncodedHere { return try encoded(request, subject) }
        let content = if let known = source.content { known } else { try read(choice.file) }
        guard let content else {
            return RepresentationAnswer.make(request, representation, .file(choice.file))
        }
        return send(content, request, subject)
    }

    /// What is to be sent, and where it is kept.
    private struct Subject {
        let choice: RepresentationChoice
        let representation: Representation
        let slot: Slot?
        let isSettled: Bool
    }

    /// A small file in a coding that is made here.
    private func encoded(_ request: borrowing Request, _ subject: Subject) throws(FileRefusal) -> Answer {
        let file = subject.choice.file
        let key = EncodedForms.Key(status: file.status, coding: subject.choice.coding)
        if let form = forms[key] { return send(form, request, subject) }
        if let response = RepresentationAnswer.unfulfilled(request, subject.representation) {
            return .complete(response)
        }
        guard let claim = forms.claim(key) else { return try sendUnencoded(request, subject) }
        let now = request.moment
        if file.status.byteCount <= Self.immediateByteLimit {
            guard let form = forms.make(claim, from: file, now: now) else { return try sendUnencoded(request, subject) }
            return send(form, request, subject)
        }
        let answer = helpers.answer(request, after: { [forms] in forms.make(claim, from: file, now: now) }) {
            request, form in
            if let form { return self.send(form, request, subject) }
            do throws(FileRefusal) { return try self.sendUnencoded(request, subject) } catch {
                return .complete(error.response)
            }
        }
        if let answer { return answer }
        return try sendUnencoded(request, subject)
    }

    /// A large file.
    private func stream(_ request: borrowing Request, _ subject: Subject) throws(FileRefusal) -> Answer {
        let representation = subject.representation
        guard representation.isEncodedHere else {
            return RepresentationAnswer.make(request, representation, .file(subject.choice.file))
        }
        if let response = RepresentationAnswer.unfulfilled(request, representation) { return .complete(response) }
        guard let share = encoders.take() else { return try sendUnencoded(request, subject) }
        let response = Response(.ok, fields: representation.fields, content: .stream(length: nil))
        let pieces = EncodedPieces(subject.choice.file, coding: subject.choice.coding, share)
        return .exchange(PiecewiseExchange(response, from: pieces, helpers))
    }

    /// Who asked for a coding that nobody has the time to make gets another one, though not for good: the cache is for the
    /// one that was chosen, and so are the request's conditions, except that what the client has need not be sent.
    private func sendUnencoded(_ request: borrowing Request, _ subject: Subject) throws(FileRefusal) -> Answer {
        let choice = try subject.choice.withoutEncoder()
        let facts = try inspect(choice.file, isText: false, request).facts
        let representation = Representation(choice.file.status, facts, choice.description)
        if let response = RepresentationAnswer.unfulfilled(request, representation), response.status == .notModified {
            return .complete(response)
        }
        return RepresentationAnswer.whole(representation, .file(choice.file))
    }

    private func send(_ content: [UInt8], _ request: borrowing Request, _ subject: Subject) -> Answer {
        let representation = subject.representation
        if let slot = subject.slot, subject.isSettled {
            let path = slot.path ?? [UInt8](request.bytes[request.normalPath])
            let entry = FileCache.Entry(
                FileCache.Key(path: path, codings: slot.codings), representation, content, subject.choice.pathStatuses,
                trust: trust, now: request.arrival)
            cache.insert(entry, at: slot.place)
        }
        return RepresentationAnswer.make(request, representation, .bytes(content))
    }

    private func read(_ file: OpenFile) throws(FileRefusal) -> [UInt8]? {
        do throws(SystemError) { return try file.readWhole() } catch { throw FileRefusal(error) }
    }
}
