import CMartinetZlib

/// gzip (RFC 1952) read by the system's zlib, as far as somebody has to know how much is in it.
///
/// Safe because the stream is owned here, and borrows input and output only during a call.
@safe package final class GzipDecoder {
    private let stream: UnsafeMutablePointer<z_stream>

    private static let roomByteCount = 32 * 1024

    private init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe shim_inflate_init_gzip(stream) == Z_OK else { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    /// How many bytes a gzip file holds, all its members together; nil where it is no whole gzip file.
    ///
    /// - Parameter limit: it is not read on when it holds more than this, and the number returned is just more.
    package static func decodedByteCount(of file: Span<UInt8>, atMost limit: Int) -> Int? {
        GzipDecoder()?.decodedByteCount(of: file, atMost: limit)
    }

    /// Whether a gzip file holds this content and nothing else, all its members together; nil where it is no whole gzip file.
    package static func holds(_ content: Span<UInt8>, in file: Span<UInt8>) -> Bool? {
        var isSame = true
        let count = GzipDecoder()?.decodedByteCount(of: file, atMost: content.count) { piece, position in
            isSame =
                isSame && position + piece.count <= content.count
                && piece.indices.allSatisfy { piece[$0] == content[position + $0] }
        }
        return count.map { isSame && $0 == content.count }
    }

    /// - Parameter body: gets each piece, and where it stands in the content.
    private func decodedByteCount(
        of file: Span<UInt8>, atMost limit: Int, _ body: (Span<UInt8>, Int) -> Void = { _, _ in }
    ) -> Int? {
        var room = [UInt8](repeating: 0, count: Self.roomByteCount)
        var position = 0
        var count = 0
        while true {
            var output = room.mutableSpan
            let result = step(file.extracting(position..<file.count), into: &output)
            position = unsafe file.count - Int(stream.pointee.avail_in)
            let madeCount = unsafe Self.roomByteCount - Int(stream.pointee.avail_out)
            body(room.span.extracting(0..<madeCount), count)
            count += madeCount
            if count > limit { return count }
            switch result {
            case Z_OK: continue
            case Z_STREAM_END:
                // Behind it is another member, or zeros, with which tapes and blocks are filled up.
                let isEnd = (position..<file.count).allSatisfy { file[$0] == 0 }
                if isEnd { return count }
                guard unsafe inflateReset(stream) == Z_OK else { return nil }
            default: return nil
            }
        }
    }

    private func step(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) -> CInt {
        unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = CUnsignedInt(clamping: source.count)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = CUnsignedInt(target.count)
                return unsafe inflate(stream, Z_NO_FLUSH)
            }
        }
    }
}
