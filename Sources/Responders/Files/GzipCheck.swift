import MartinetBytes
import MartinetCompression
import MartinetPOSIX

/// Whether a gzip file (RFC 1952) holds the content of another file, as far as that can be told without reading large ones.
enum GzipCheck {
    /// A small file is decoded, with all its members, and compared: what it takes is a millisecond or two, once for each state.
    private static let decodedFileByteCount = 128 * 1024
    private static let decodedByteCount = 512 * 1024
    /// A header, an empty block and a trailer.
    private static let leastByteCount = 18

    /// Nil where nothing is wrong with it. A large file is known by its first bytes, and by the size that its last member says
    /// it has; one of several members, as hardly anybody makes them of what is served, is not trusted then.
    static func fault(of file: OpenFile, beside original: OpenFile) -> NeighbourFinder.Fault? {
        let byteCount = original.status.byteCount
        let size = file.status.byteCount
        guard size >= leastByteCount, let start = try? file.readPrefix(3), start == [0x1F, 0x8B, 8] else {
            return .notGzip
        }
        if size <= decodedFileByteCount, byteCount <= decodedByteCount {
            guard let content = try? original.readWhole(), let encoded = try? file.readWhole(),
                let isSame = GzipDecoder.holds(content.span, in: encoded.span)
            else { return .notGzip }
            return isSame ? nil : .otherContent
        }
        guard let end = try? file.read(size - 4..<size), end.count == 4 else { return .notGzip }
        let said = end.reversed().reduce(0) { $0 << 8 | Int($1) }
        return said == byteCount & 0xFFFF_FFFF ? nil : .otherSize
    }
}
