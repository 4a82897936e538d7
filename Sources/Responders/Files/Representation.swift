import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A file as a client gets it: one of its codings, with the fields that describe it (RFC 9110 §8).
struct Representation {
    /// Of the file that holds it.
    let status: FileStatus
    let coding: ContentCoding
    /// Whether the coding is made here, and not found in a file of its own.
    let isEncodedHere: Bool
    let contentType: [UInt8]
    let validators: Validators
    /// Of a response with this representation.
    let fields: Fields
    /// Of a response that says that the client's copy is still good (RFC 9110 §15.4.5).
    let notModifiedFields: Fields

    /// - Parameter varies: whether the choice depended on Accept-Encoding.
    init(
        _ status: FileStatus, coding: ContentCoding, isEncodedHere: Bool, contentType: [UInt8], varies: Bool,
        cacheControl: String?
    ) {
        self.status = status
        self.coding = coding
        self.isEncodedHere = isEncodedHere
        self.contentType = contentType
        let tag = Self.entityTag(of: status, coding, isEncodedHere: isEncodedHere)
        validators = Validators(
            entityTag: EntityTag(quoted: tag), lastModified: min(status.modificationTime, .now).wholeSeconds)

        var common = Fields()
        common.append("ETag", tag)
        if let cacheControl { common.append("Cache-Control", [UInt8](cacheControl.utf8)) }
        if varies { common.append("Vary", "Accept-Encoding") }
        notModifiedFields = common

        var date: [UInt8] = []
        HTTPDate.append(validators.lastModified, to: &date)
        common.append("Content-Type", contentType)
        if let name = coding.name { common.append("Content-Encoding", name) }
        common.append("Last-Modified", date)
        if !isEncodedHere { common.append("Accept-Ranges", "bytes") }
        fields = common
    }

    /// A strong validator: whatever changes the content changes the size or the time in nanoseconds. No inode, so that
    /// several servers with the same files agree; the coding, since each is a representation of its own.
    private static func entityTag(of status: FileStatus, _ coding: ContentCoding, isEncodedHere: Bool) -> [UInt8] {
        var tag = [ASCII.quote]
        tag.append(text: String(status.modificationTime.seconds, radix: 16))
        tag.append(hexadecimal: UInt64(truncatingIfNeeded: status.modificationTime.nanoseconds), digitCount: 8)
        tag.append(byte: UInt8(ascii: "-"))
        tag.append(text: String(status.byteCount, radix: 16))
        if let name = coding.name {
            tag.append(byte: UInt8(ascii: "-"))
            tag.append(name)
        }
        if isEncodedHere { tag.append(text: "d") }
        tag.append(byte: ASCII.quote)
        return tag
    }
}
