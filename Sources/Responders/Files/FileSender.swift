import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// Sends files in the coding that was chosen: from memory, from the file, or as helper threads compress it.
final class FileSender {
    /// Where the answer to a request is kept, if it is one that can be.
    struct Slot {
        fileprivate let place: Int
        fileprivate let codings: Int
    }

    private let helpers: Helpers
    private var cache = FileCache()
    private let forms = EncodedForms()
    /// For large files: an encoder has memory for as long as its client takes.
    private let encoders = Allowance(encoderLimit)

    /// What is compressed at once: brotli takes 0.3 ms for it, and whoever waits for a helper thread waits longer.
    private static let immediateByteLimit = 8 * 1024
    /// Brotli has up to 1.9 MB for each. Who comes when all are in use gets the file as it is.
    private static let encoderLimit = 4

    init(_ helpers: Helpers) {
        self.helpers = helpers
    }

    // MARK: Answers at hand

    func slot(for request: borrowing Request, _ codings: Int) -> Slot {
        let path = request.bytes.span.extracting(request.path)
        return Slot(place: FileCache.place(of: path, codings: codings), codings: codings)
    }

    func forget(_ slot: Slot) {
        cache.remove(at: slot.place)
    }

    /// The answer that needs no look at the file; nil where there is none.
    func freshAnswer(_ request: borrowing Request, _ slot: Slot) -> Answer? {
        guard let entry = entry(request, slot), entry.freshUntil > request.arrival else { return nil }
        return answer(request, entry)
    }

    private func entry(_ request: borrowing Request, _ slot: Slot) -> FileCache.Entry? {
        cache.entry(at: slot.place, for: request.bytes.span.extracting(request.path), codings: slot.codings)
    }

    private func answer(_ request: borrowing Request, _ entry: FileCache.Entry) -> Answer {
        guard RepresentationAnswer.isSelective(request) else { return .complete(entry.response) }
        if entry.isHeldBy(request) { return .complete(entry.notModifiedResponse) }
        return RepresentationAnswer.make(request, entry.representation, .bytes(entry.content))
    }

    // MARK: Answers from files

    /// - Parameter slot: nil where the answer is good for this request alone.
    func answer(
        _ request: borrowing Request, _ choice: RepresentationChoice, _ slot: Slot?
    ) throws(FileRefusal) -> Answer {
        let representation = choice.representation
        if let slot, let entry = entry(request, slot), entry.representation.status == representation.status,
            entry.representation.fields == representation.fields
        {
            cache.renew(entry, now: request.arrival)
            return answer(request, entry)
        }
        let byteCount = choice.file.status.byteCount
        if request.method == .head, byteCount > Self.immediateByteLimit {
            return RepresentationAnswer.head(request, representation)
        }
        guard byteCount <= FileCache.fileByteLimit else { return try stream(request, choice) }
        if representation.isEncodedHere { return try encoded(request, choice, slot) }
        guard let content = try read(choice.file) else {
            return RepresentationAnswer.make(request, representation, .file(choice.file))
        }
        return send(content, request, choice, slot)
    }

    /// A small file in a coding that is made here.
    private func encoded(
        _ request: borrowing Request, _ choice: RepresentationChoice, _ slot: Slot?
    ) throws(FileRefusal) -> Answer {
        let key = EncodedForms.Key(status: choice.file.status, coding: choice.representation.coding)
        if let form = forms[key] { return send(form, request, choice, slot) }
        if let response = RepresentationAnswer.unfulfilled(request, choice.representation) {
            return .complete(response)
        }
        guard let claim = forms.claim(key) else { return try sendUnencoded(request, choice) }
        if choice.file.status.byteCount <= Self.immediateByteLimit {
            guard let form = forms.make(claim, from: choice.file) else { return try sendUnencoded(request, choice) }
            return send(form, request, choice, slot)
        }
        let file = choice.file
        let answer = helpers.answer(request, after: { [forms] in forms.make(claim, from: file) }) { request, form in
            if let form { return self.send(form, request, choice, slot) }
            do throws(FileRefusal) { return try self.sendUnencoded(request, choice) } catch {
                return .complete(error.response)
            }
        }
        if let answer { return answer }
        return try sendUnencoded(request, choice)
    }

    /// A large file.
    private func stream(_ request: borrowing Request, _ choice: RepresentationChoice) throws(FileRefusal) -> Answer {
        let representation = choice.representation
        guard representation.isEncodedHere else {
            return RepresentationAnswer.make(request, representation, .file(choice.file))
        }
        if let response = RepresentationAnswer.unfulfilled(request, representation) { return .complete(response) }
        guard let share = encoders.take() else { return try sendUnencoded(request, choice) }
        let response = Response(.ok, fields: representation.fields, content: .stream(length: nil))
        let pieces = EncodedPieces(choice.file, coding: representation.coding, share)
        return .exchange(PiecewiseExchange(response, from: pieces, helpers))
    }

    /// Who asked for a coding that nobody has the time to make gets another one, though not for good: the cache is for the
    /// one that was chosen, and so are the request's conditions, except that what the client has need not be sent.
    private func sendUnencoded(
        _ request: borrowing Request, _ choice: RepresentationChoice
    ) throws(FileRefusal) -> Answer {
        let (file, representation) = try choice.withoutEncoder()
        if let response = RepresentationAnswer.unfulfilled(request, representation), response.status == .notModified {
            return .complete(response)
        }
        return RepresentationAnswer.whole(representation, .file(file))
    }

    private func send(
        _ content: [UInt8], _ request: borrowing Request, _ choice: RepresentationChoice, _ slot: Slot?
    ) -> Answer {
        if let slot, choice.file.status.isSettled {
            let path = [UInt8](request.bytes[request.path])
            let key = FileCache.Key(path: path, codings: slot.codings)
            let entry = FileCache.Entry(key, choice.representation, content, now: request.arrival)
            cache.insert(entry, at: slot.place)
        }
        return RepresentationAnswer.make(request, choice.representation, .bytes(content))
    }

    private func read(_ file: OpenFile) throws(FileRefusal) -> [UInt8]? {
        do throws(SystemError) { return try file.readWhole() } catch { throw FileRefusal(error) }
    }
}
