import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A file as a client gets it: one of its codings, with the fields that describe it (RFC 9110 §8).
struct Representation {
    /// How it was chosen, and how it is described.
    struct Description {
        /// How the file that holds it is coded beside what is served under its name.
        var coding = ContentCoding.identity
        /// Whether the coding is made here, and not found in a file of its own.
        var isEncodedHere = false
        var contentType: [UInt8] = []
        /// The value of Content-Encoding; nil for no such field.
        var contentEncoding: StaticString?
        /// Whether the choice depended on Accept-Encoding, and on Accept.
        var variesByCoding = false
        var variesByType = false
        var cacheControl: String?
    }

    /// Of the file that holds it.
    let status: FileStatus
    let isEncodedHere: Bool
    let contentType: [UInt8]
    let validators: Validators
    /// Of a response with this representation.
    let fields: Fields
    /// Of a response that says that the client's copy is still good (RFC 9110 §15.4.5).
    let notModifiedFields: Fields

    /// Before this, a time is none that anybody looked at a clock for: build tools and archives write 0 or 1.
    private static let firstPlausibleTime = WallTime(seconds: 631_152_000)
    /// How far the time of the last change of the content may lie from that of the file, which nobody can set.
    private static let mostTimeDifference = Interval.seconds(2)

    /// - Parameter facts: of the file that holds it.
    init(_ status: FileStatus, _ facts: FileFacts, _ description: Description) {
        self.status = status
        isEncodedHere = description.isEncodedHere
        contentType = description.contentType
        let tag = Self.entityTag(facts.tag, description)
        let modified = status.modificationTime
        validators = Validators(
            entityTag: EntityTag(quoted: tag),
            lastModified: modified < Self.firstPlausibleTime ? nil : min(modified, .now).wholeSeconds,
            isDateExact: modified >= status.changeTime - Self.mostTimeDifference
                && status.changeTime >= modified - Self.mostTimeDifference)

        var common = Fields()
        common.append("ETag", tag)
        if let cacheControl = description.cacheControl { common.append("Cache-Control", [UInt8](cacheControl.utf8)) }
        switch (description.variesByType, description.variesByCoding) {
        case (true, true): common.append("Vary", "Accept, Accept-Encoding")
        case (true, false): common.append("Vary", "Accept")
        case (false, true): common.append("Vary", "Accept-Encoding")
        case (false, false): break
        }
        notModifiedFields = common

        common.append("Content-Type", contentType)
        if let name = description.contentEncoding { common.append("Content-Encoding", name) }
        if let lastModified = validators.lastModified {
            var date: [UInt8] = []
            HTTPDate.append(lastModified, to: &date)
            common.append("Last-Modified", date)
        }
        if !isEncodedHere { common.append("Accept-Ranges", "bytes") }
        fields = common
    }

    /// A strong validator, with the coding, since each is a representation of its own.
    private static func entityTag(_ middle: [UInt8], _ description: Description) -> [UInt8] {
        var tag = [ASCII.quote]
        tag += middle
        if let name = description.coding.name {
            tag.append(byte: UInt8(ascii: "-"))
            tag.append(name)
        }
        if description.isEncodedHere { tag.append(text: "d") }
        tag.append(byte: ASCII.quote)
        return tag
    }
}
