import MartinetBytes
import MartinetHTTP

/// Reads what codings clients accept. Clients of one kind all send the same Accept-Encoding, so the last one read is mostly
/// the next one too.
struct AcceptedCodingsReader {
    /// Of the request that was read last.
    private(set) var codings = AcceptedCodings()
    /// `AcceptedCodings.signature` of these.
    private(set) var signature = AcceptedCodings().signature

    private var lastValue: [UInt8]?
    /// That of clients that send no Accept-Encoding.
    private let plainSignature = AcceptedCodings().signature

    /// Ranges count in the representation without a coding, so those who want one get that.
    ///
    /// - Parameter isWanted: whether there is a choice of codings at all.
    mutating func read(_ request: borrowing Request, isWanted: Bool) {
        guard isWanted, request.has(.acceptEncoding) else {
            if signature != plainSignature { set(AcceptedCodings()) }
            return
        }
        let value = request.value(of: .acceptEncoding)
        let isUsual = value != nil && request.count(of: .acceptEncoding) == 1 && !request.has(.range)
        if isUsual, let value, let lastValue, request.bytes.span.extracting(value).isEqual(to: lastValue) { return }
        let read = AcceptedCodings(request)
        set(request.has(.range) && read.accepts(.identity) ? AcceptedCodings() : read)
        if isUsual, let value { lastValue = [UInt8](request.bytes[value]) }
    }

    private mutating func set(_ codings: AcceptedCodings) {
        lastValue = nil
        self.codings = codings
        signature = codings.signature
    }
}
