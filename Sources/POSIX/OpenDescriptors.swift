import Synchronization

/// The descriptors that this process has open, as far as a `FileDescriptor` owns them, and how many it may have.
///
/// Whoever is about to open some can ask first, so that what is in progress never lacks one.
package enum OpenDescriptors {
    private static let counter = Atomic<Int>(0)
    private static let limit = Atomic<Int>(ThisProcess.descriptorLimitNow)
    /// The standard streams, which nobody owns.
    private static let unowned = 3

    static func add() {
        counter.add(1, ordering: .relaxed)
    }

    static func remove() {
        counter.subtract(1, ordering: .relaxed)
    }

    static func setLimit(_ limit: Int) {
        self.limit.store(limit, ordering: .relaxed)
    }

    package static var count: Int { counter.load(ordering: .relaxed) + unowned }

    /// How many more may be opened.
    package static var roomCount: Int { limit.load(ordering: .relaxed) - count }
}
