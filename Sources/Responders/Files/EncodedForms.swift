import MartinetCompression
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import Synchronization

/// Compressed forms of small files, kept under the file's identity: whatever paths lead to a file, each form of one state of
/// it is made once, and by one thread at a time.
final class EncodedForms: Sendable {
    struct Key: Hashable, Sendable {
        /// Tells the file, and the states of it.
        let status: FileStatus
        let coding: ContentCoding
    }

    /// The right to make a form, given up when it is done or released.
    final class Claim: Sendable {
        fileprivate let key: Key
        private let forms: EncodedForms

        fileprivate init(_ key: Key, _ forms: EncodedForms) {
            self.key = key
            self.forms = forms
        }

        deinit {
            forms.end(self)
        }
    }

    private struct State {
        var forms: [Key: [UInt8]] = [:]
        /// The keys in the order they came, so that the oldest goes first.
        var ages: [Key] = []
        var byteCount = 0
        /// What is being made, and by whom.
        var claims: [Key: ObjectIdentifier] = [:]
    }

    private static let byteLimit = 16 * 1024 * 1024
    private static let countLimit = 1024

    private let state = Mutex(State())

    /// The kept form; nil where there is none.
    subscript(key: Key) -> [UInt8]? { state.withLock { $0.forms[key] } }

    /// Lets the caller make a form; nil while another does.
    func claim(_ key: Key) -> Claim? {
        state.withLock { state in
            guard state.claims[key] == nil else { return nil }
            let claim = Claim(key, self)
            state.claims[key] = ObjectIdentifier(claim)
            return claim
        }
    }

    /// Makes the form of a small file, and keeps it if the file's times can be relied on.
    ///
    /// - Parameter now: the time of day.
    /// - Returns: nil where the file cannot be read, has changed since it was opened, or cannot be compressed.
    func make(_ claim: Claim, from file: OpenFile, now: WallTime) -> [UInt8]? {
        defer { end(claim) }
        guard let content = try? file.readWhole(), let form = claim.key.coding.encode(content) else { return nil }
        if file.status.isSettled(at: now) { insert(form, for: claim.key) }
        return form
    }

    private func end(_ claim: Claim) {
        state.withLock { state in
            guard state.claims[claim.key] == ObjectIdentifier(claim) else { return }
            state.claims[claim.key] = nil
        }
    }

    func insert(_ form: [UInt8], for key: Key) {
        guard form.count <= Self.byteLimit else { return }
        state.withLock { state in
            guard state.forms[key] == nil else { return }
            while state.ages.count >= Self.countLimit || state.byteCount + form.count > Self.byteLimit {
                let oldest = state.ages.removeFirst()
                state.byteCount -= state.forms.removeValue(forKey: oldest)?.count ?? 0
            }
            state.forms[key] = form
            state.ages.append(key)
            state.byteCount += form.count
        }
    }
}

extension ContentCoding {
    /// A compressor to this coding; nil for identity.
    func makeEncoder() throws(EncoderError) -> (any Encoder)? {
        switch self {
        case .brotli: try BrotliEncoder()
        case .gzip: try GzipEncoder()
        case .identity: nil
        }
    }

    /// The whole of a content in this coding; nil for identity, and where there is no memory for it.
    func encode(_ content: [UInt8]) -> [UInt8]? {
        guard let form = try? makeEncoder()?.encodeAll(content) else { return nil }
        return form
    }
}
