import Synchronization

/// How much of something may be in use at one time: bytes of memory, or things that have some.
final class Allowance: Sendable {
    /// A part of it, given back when it is released.
    final class Share: Sendable {
        private let allowance: Allowance
        private let amount: Int

        fileprivate init(_ allowance: Allowance, _ amount: Int) {
            self.allowance = allowance
            self.amount = amount
        }

        deinit {
            allowance.used.withLock { $0 -= amount }
        }
    }

    private let limit: Int
    private let used = Mutex(0)

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Takes a share; nil where that is more than is left.
    func take(_ amount: Int = 1) -> Share? {
        let isTaken = used.withLock { used in
            guard amount <= limit - used else { return false }
            used += amount
            return true
        }
        return isTaken ? Share(self, amount) : nil
    }
}
