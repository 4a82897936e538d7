package import MartinetEvents
package import MartinetPOSIX
package import Testing

extension FileDescriptor {
    /// Waits until something can be read, or the descriptor is ready for whatever else is asked; fails the test where that
    /// takes longer than 50 seconds.
    ///
    /// - Returns: what it is ready for.
    @discardableResult
    package static func wait(
        for interest: Readiness = .read, on number: CInt, _ location: SourceLocation = #_sourceLocation
    ) throws -> Readiness {
        var entries = [PollEntry(descriptor: number, interest: interest)]
        try waitForAny(&entries, location)
        return entries[0].readiness
    }

    /// Waits until at least one of the descriptors is ready; fails the test where that takes longer than 50 seconds.
    package static func waitForAny(
        _ entries: inout [PollEntry], _ location: SourceLocation = #_sourceLocation
    ) throws {
        var table = entries.mutableSpan
        let count = try PollEntry.poll(&table, timeout: .seconds(50))
        try #require(count > 0, "nothing happens that is waited for", sourceLocation: location)
    }

    /// Reads to the end, or until it would have to wait.
    package func readAll() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 8192)
        while true {
            var room = piece.mutableSpan
            guard case .bytes(let count) = try read(into: &room) else { return bytes }
            bytes += piece[..<count]
        }
    }

    package func readText() throws -> String { String(decoding: try readAll(), as: UTF8.self) }
}
