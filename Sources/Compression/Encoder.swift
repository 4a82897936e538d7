import CMartinetBrotli
import CMartinetZlib

/// What a step of an encoder took and gave.
package struct EncoderStep: Equatable {
    /// Bytes of input used up.
    package let consumed: Int
    /// Bytes written to the output.
    package let produced: Int
    /// The last byte of the encoded form is written.
    package let isFinished: Bool
}

/// A compressor whose stream fails only for want of memory, or through a mistake of ours.
package struct EncoderError: Error {}

/// Bytes in, compressed bytes out, a piece at a time.
package protocol Encoder: AnyObject {
    /// Compresses from `input` into `output`.
    ///
    /// - Parameter isLast: whether the input ends here; to be repeated with what is left until the step is finished.
    func encode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, isLast: Bool
    ) throws(EncoderError) -> EncoderStep
}

/// gzip (RFC 1952) by the system's zlib.
///
/// Safe because the stream is owned here, and borrows input and output only during a call.
@safe package final class GzipEncoder: Encoder {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Half of the best level's time for nearly its size.
    private static let level: CInt = 6

    package init() throws(EncoderError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe shim_deflate_init_gzip(stream, Self.level) == Z_OK else { throw EncoderError() }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    package func encode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, isLast: Bool
    ) throws(EncoderError) -> EncoderStep {
        let room = output.count
        let result = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = CUnsignedInt(source.count)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = CUnsignedInt(target.count)
                return unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
            }
        }
        // Z_BUF_ERROR says only that nothing could be done this time.
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { throw EncoderError() }
        return unsafe EncoderStep(
            consumed: input.count - Int(stream.pointee.avail_in), produced: room - Int(stream.pointee.avail_out),
            isFinished: result == Z_STREAM_END)
    }
}

/// Brotli (RFC 7932) by the system's libbrotlienc.
///
/// Safe because the state is owned here, and borrows input and output only during a call.
@safe package final class BrotliEncoder: Encoder {
    private let state: OpaquePointer

    /// Smaller than gzip's best in about gzip's time.
    private static let quality: UInt32 = 5
    /// A window of 64 KiB, with which an encoder has at most 1.9 MB; with one of 512 KiB it has 7.7 MB and makes text only a
    /// twentieth smaller. Small texts take two thirds of the time.
    private static let windowBits: UInt32 = 16

    package init() throws(EncoderError) {
        guard let state = unsafe BrotliEncoderCreateInstance(nil, nil, nil) else { throw EncoderError() }
        unsafe self.state = state
        unsafe BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, Self.quality)
        unsafe BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, Self.windowBits)
    }

    deinit {
        unsafe BrotliEncoderDestroyInstance(state)
    }

    package func encode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, isLast: Bool
    ) throws(EncoderError) -> EncoderStep {
        let room = output.count
        var available = input.count
        var free = room
        let isFine = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                var next = source.baseAddress
                var place = target.baseAddress
                return unsafe BrotliEncoderCompressStream(
                    state, isLast ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS, &available, &next, &free,
                    &place, nil)
            }
        }
        guard isFine != 0 else { throw EncoderError() }
        return EncoderStep(
            consumed: input.count - available, produced: room - free,
            isFinished: unsafe BrotliEncoderIsFinished(state) != 0)
    }
}

extension Encoder {
    /// The whole of `content`, compressed.
    package func encodeAll(_ content: [UInt8]) throws(EncoderError) -> [UInt8] {
        var encoded: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 32 * 1024)
        var start = 0
        while true {
            var room = piece.mutableSpan
            let step = try encode(content.span.extracting(start..<content.count), into: &room, isLast: true)
            start += step.consumed
            encoded += piece.prefix(step.produced)
            if step.isFinished { return encoded }
        }
    }
}
