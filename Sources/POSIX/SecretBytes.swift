import CLinux
import Synchronization

/// Bytes that are wiped when nobody needs them any more: a password on its way to being verified.
package final class SecretBytes: Sendable {
    private let bytes: Mutex<[UInt8]>

    package init(_ bytes: some Collection<UInt8>) {
        // A copy of its own: what is wiped is wiped here, and not in a copy made for that.
        var own: [UInt8] = []
        own.reserveCapacity(bytes.count)
        own.append(contentsOf: bytes)
        self.bytes = Mutex(own)
    }

    deinit {
        bytes.withLock { bytes in
            unsafe bytes.withUnsafeMutableBytes { unsafe clinux_wipe($0.baseAddress, $0.count) }
        }
    }

    /// Shows the bytes, which are not to be kept.
    package func withBytes<Result>(_ body: ([UInt8]) -> Result) -> Result {
        bytes.withLock { body($0) }
    }
}
