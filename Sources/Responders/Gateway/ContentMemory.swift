import MartinetHTTP

/// How much content may wait in a worker's memory, in all and of one address.
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
        guard byteCount > 0 else { return }
        self.byteCount -= byteCount
        byteCounts.add(-byteCount, to: address)
    }
}
