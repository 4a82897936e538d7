import MartinetBytes
import MartinetHTTP

/// A response's content on its way into the output (RFC 9112 §6).
enum ResponseContent {
    /// Content that is at hand; this many bytes of it are written.
    case bytes([UInt8], written: Int)
    /// Content that the exchange produces; this many bytes are left if their number is known.
    case stream(remaining: Int?, isChunked: Bool)

    /// Why no more is written now.
    enum Pause: Equatable {
        case complete
        /// The output has room for no more.
        case full
        /// The exchange has nothing yet.
        case notYet
        /// There will be no more although more was promised.
        case failed(String)
    }

    /// Producing into less room than this is not worth a call.
    private static let leastSpace = 1024

    /// How much may be written; nil where it is too little.
    static func space(in output: borrowing ByteQueue) -> Int? {
        let space = HTTPService.outputByteCount - output.count
        return space > leastSpace ? space : nil
    }

    /// Writes as much as there is and fits.
    ///
    /// - Parameters:
    ///   - exchange: where streamed content comes from.
    ///   - byteCount: raised by the content written, without framing.
    mutating func write(
        from exchange: (any Exchange)?, to output: inout ByteQueue, counting byteCount: inout Int
    ) -> Pause {
        switch self {
        case .bytes(let bytes, let written):
            let end = min(bytes.count, written + max(0, HTTPService.outputByteCount - output.count))
            output.append(bytes.span.extracting(written..<end))
            byteCount += end - written
            self = .bytes(bytes, written: end)
            return end == bytes.count ? .complete : .full
        case .stream(var remaining, let isChunked):
            guard let exchange else { return .complete }
            let pause = Self.stream(exchange, &remaining, isChunked, to: &output, counting: &byteCount)
            self = .stream(remaining: remaining, isChunked: isChunked)
            return pause
        }
    }

    private static func stream(
        _ exchange: any Exchange, _ remaining: inout Int?, _ isChunked: Bool, to output: inout ByteQueue,
        counting byteCount: inout Int
    ) -> Pause {
        while true {
            guard let space = space(in: output) else { return .full }
            let wanted = min(space, remaining ?? space)
            let production =
                isChunked ? produceChunk(exchange, wanted, &output) : produce(exchange, wanted, &output)
            switch production {
            case .bytes(let count):
                byteCount += count
                remaining = remaining.map { $0 - count }
                if remaining == 0 { return .complete }
            case .end:
                guard remaining == nil else { return .failed("the content is shorter than its announced length") }
                if isChunked { output.append(ChunkFrame.last) }
                return .complete
            case .endWithTrailers(let trailers):
                guard remaining == nil else { return .failed("the content is shorter than its announced length") }
                if isChunked { ResponseSerializer.writeEnd(trailers, to: &output) }
                return .complete
            case .notYet: return .notYet
            case .failed(let problem): return .failed(problem)
            }
        }
    }

    static func produce(
        _ exchange: any Exchange, _ byteCount: Int, _ output: inout ByteQueue
    ) -> Production {
        var room = output.room(atLeast: byteCount)
        var part = room._mutatingExtracting(first: byteCount)
        let production = exchange.produce(into: &part)
        if case .bytes(let count) = production { output.commit(count) }
        return production
    }

    private static func produceChunk(
        _ exchange: any Exchange, _ byteCount: Int, _ output: inout ByteQueue
    ) -> Production {
        let dataCount = byteCount - ChunkFrame.headerByteCount - ChunkFrame.trailerByteCount
        var room = output.room(atLeast: byteCount)
        var part = room._mutatingExtracting(ChunkFrame.headerByteCount..<ChunkFrame.headerByteCount + dataCount)
        let production = exchange.produce(into: &part)
        if case .bytes(let count) = production {
            let header = ChunkFrame.header(count)
            output.append(header.span)
            output.commit(count)
            output.append("\r\n")
        }
        return production
    }
}

/// The chunked coding's framing around content that is written straight into an output queue.
enum ChunkFrame {
    /// Before a chunk: its size in a fixed number of digits, so that it can be filled in afterwards, and CR LF.
    static let headerByteCount = sizeDigits + 2
    /// After a chunk: CR LF.
    static let trailerByteCount = 2
    /// Enough for any chunk up to 16 MiB.
    private static let sizeDigits = 6
    static let last: StaticString = "0\r\n\r\n"

    /// A chunk's size line.
    static func header(_ byteCount: Int) -> [8 of UInt8] {
        var header: [8 of UInt8] = .init(repeating: 0)
        for place in 0..<sizeDigits {
            let shift = UInt64((sizeDigits - 1 - place) * 4)
            header[place] = ASCII.hexadecimalDigit(UInt8(truncatingIfNeeded: UInt64(byteCount) >> shift & 15))
        }
        header[sizeDigits] = ASCII.carriageReturn
        header[sizeDigits + 1] = ASCII.lineFeed
        return header
    }
}
