import CMartinetQREncode

/// A QR code (ISO/IEC 18004): a square of dark and light modules, for cameras to read.
package struct QRCode: Equatable, Sendable {
    /// How many modules a row has, and the code rows, without the light margin.
    package let width: Int
    /// Row by row; true where dark.
    private let modules: [Bool]

    /// How many light modules have to be around it (ISO/IEC 18004 §5.3.8).
    package static let quietZone = 4

    /// The smallest code for a text; nil where that is empty or too long for one (2953 bytes).
    ///
    /// A terminal is neither torn nor soiled, so there is as little redundancy as possible, and the modules are large.
    package init?(_ text: String) {
        guard !text.utf8.contains(0), let code = unsafe QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else {
            return nil
        }
        defer { unsafe QRcode_free(code) }
        let count = unsafe Int(code.pointee.width)
        guard count > 0, let data = unsafe code.pointee.data else { return nil }
        // Of what it says of a module the lowest bit is its colour.
        let bytes = unsafe UnsafeBufferPointer(start: data, count: count * count)
        self.init(width: count, modules: unsafe bytes.map { $0 & 1 == 1 })
    }

    /// - Parameter modules: `width` rows of as many; true where dark.
    init(width: Int, modules: [Bool]) {
        self.width = width
        self.modules = modules
    }

    /// Whether a module is dark. What is beside the code is light.
    package subscript(row: Int, column: Int) -> Bool {
        guard (0..<width).contains(row), (0..<width).contains(column) else { return false }
        return modules[row * width + column]
    }
}
