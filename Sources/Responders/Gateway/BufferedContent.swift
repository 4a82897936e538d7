import MartinetBytes
import MartinetHTTP

/// Request content that waits in memory, before its script is started, until it is whole or there is more of it than is
/// kept there: who sends a form slowly occupies no script.
final class BufferedContent {
    /// As much as a pipe holds, so that a script which is started gets all of it at once.
    static let byteLimit = 64 * 1024

    private let memory: ContentMemory
    private let address: AddressBlock
    private var bytes: [UInt8] = []
    private var takenByteCount = 0
    private var reservedByteCount = 0

    /// - Parameter address: whose part of the memory it takes.
    init(_ memory: ContentMemory, for address: AddressBlock) {
        self.memory = memory
        self.address = address
    }

    deinit {
        memory.release(reservedByteCount, of: address)
    }

    /// The bytes that are still to be taken.
    var byteCount: Int { bytes.count - takenByteCount }

    /// Appends what there is room for, and returns how many bytes that was.
    func append(_ content: Span<UInt8>) -> Int {
        let wanted = min(bytes.count + content.count, Self.byteLimit)
        if wanted > reservedByteCount { reserve(wanted) }
        let count = min(content.count, reservedByteCount - bytes.count)
        bytes.append(content.extracting(0..<count))
        return count
    }

    /// In steps, each twice the one before, which are what the array really takes.
    private func reserve(_ byteCount: Int) {
        var step = 1024
        while step < byteCount { step *= 2 }
        guard memory.reserve(step - reservedByteCount, for: address) else { return }
        reservedByteCount = step
        bytes.reserveCapacity(step)
    }

    /// Hands over what is still to be taken, and drops as many bytes of it as `take` returns.
    func drain(_ take: (Span<UInt8>) -> Int) {
        let bytes = bytes
        takenByteCount += take(bytes.span.extracting(takenByteCount...))
    }
}

/// How much request content may wait in a worker's memory for scripts that are not started yet, in all and of one address.
package final class ContentMemory {
    private let byteLimit: Int
    private let addressByteLimit: Int
    private var byteCount = 0
    private var byteCounts = AddressCounts()

    /// - Parameter byteLimit: as much as 256 requests may buffer. One address has a quarter of it.
    package init(byteLimit: Int = 256 * 64 * 1024) {
        self.byteLimit = byteLimit
        addressByteLimit = byteLimit / 4
    }

    /// Returns false where it would be too much, and reserves nothing then.
    func reserve(_ byteCount: Int, for address: AddressBlock) -> Bool {
        guard self.byteCount + byteCount <= byteLimit, byteCounts[address] + byteCount <= addressByteLimit else {
            return false
        }
        self.byteCount += byteCount
        byteCounts.add(byteCount, to: address)
        return true
    }

    func release(_ byteCount: Int, of address: AddressBlock) {
        self.byteCount -= byteCount
        byteCounts.add(-byteCount, to: address)
    }
}
