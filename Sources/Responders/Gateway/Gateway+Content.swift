import MartinetHTTP
import MartinetPOSIX

/// Request content that waits until it is whole, or until there is a permit.
extension Gateway {
    /// Keeps content as far as there is room for it where the buffer is.
    ///
    /// - Returns: how many bytes were kept.
    func keep(_ content: Span<UInt8>, in buffer: ContentBuffer) throws(GatewayFailure) -> Int {
        guard content.count <= settings.contentByteLimit - buffer.byteCount else {
            throw .tooLarge(settings.contentByteLimit)
        }
        do throws(ContentBuffer.Failure) {
            return try buffer.append(content)
        } catch {
            throw GatewayFailure(keeping: error, in: files.directory, words)
        }
    }

    /// Keeps content in a file from now on.
    ///
    /// - Parameter whole: what is known of its length.
    func moveToFile(_ buffer: ContentBuffer, _ whole: Request.Content) throws(GatewayFailure) {
        var announced: Int?
        if case .length(let count) = whole { announced = count }
        do throws(ContentBuffer.Failure) {
            try buffer.moveToFile(files, announced: announced)
        } catch {
            throw GatewayFailure(keeping: error, in: files.directory, words)
        }
    }

    /// The descriptor of the file that all of the content is in; nil where it is in memory.
    func file(of buffer: ContentBuffer) throws(GatewayFailure) -> CInt? {
        do throws(SystemError) {
            return try buffer.rewoundFile()
        } catch {
            throw GatewayFailure(reading: error)
        }
    }
}
