import MartinetHTTP

/// How much of something each client address has.
///
/// Nothing is counted for an address that many clients share: each of them has only what it has by itself, which is 0 as
/// far as others of its address are concerned.
struct AddressCounts {
    /// Only what is not 0, so that it is no larger than what is counted.
    private var counts: [AddressBlock: Int] = [:]

    subscript(address: AddressBlock) -> Int { counts[address] ?? 0 }

    /// The address that has the most; nil where none has anything.
    var largest: (address: AddressBlock, count: Int)? {
        counts.max { $0.value < $1.value }.map { ($0.key, $0.value) }
    }

    mutating func add(_ count: Int, to address: AddressBlock) {
        guard !address.isShared else { return }
        let sum = self[address] + count
        counts[address] = sum == 0 ? nil : sum
    }
}
