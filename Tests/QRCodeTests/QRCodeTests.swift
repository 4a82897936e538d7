import Testing

@testable import MartinetQRCode

@Suite("QR codes (ISO/IEC 18004)")
struct QRCodeTests {
    /// The square with a ring around it that is in three of the corners (§5.3.2), with its light separator.
    private static let finder = [
        "███████ ", "█     █ ", "█ ███ █ ", "█ ███ █ ", "█ ███ █ ", "█     █ ", "███████ ", "        ",
    ]

    private static func row(_ code: QRCode, _ row: Int, _ columns: Range<Int>) -> String {
        columns.map { code[row, $0] ? "█" : " " }.joined()
    }

    @Test("A URL is as small as it can be, and has its three finder patterns")
    func finders() throws {
        let code = try #require(QRCode("http://192.168.100.200:8443/martinet-trust"))
        // Version 3 takes 53 bytes at the lowest level of correction.
        #expect(code.width == 29)
        for (row, pattern) in Self.finder.enumerated() {
            #expect(Self.row(code, row, 0..<8) == pattern)
            #expect(Self.row(code, row, 21..<29) == String(pattern.reversed()))
            #expect(Self.row(code, 28 - row, 0..<8) == pattern)
        }
        #expect(!code[-1, 0] && !code[0, 29] && !code[29, 29])
    }

    @Test("Text of any kind has a code, and what none can hold has none")
    func limits() {
        #expect(QRCode("") == nil)
        #expect(QRCode("a\0b") == nil)
        #expect(QRCode(String(repeating: "a", count: 2953))?.width == 177)
        #expect(QRCode(String(repeating: "a", count: 2954)) == nil)
        #expect(QRCode("é") != QRCode("e"))
    }

    /// Three by three: an odd number of rows.
    private static let small = QRCode(
        width: 3, modules: [true, false, true, false, true, true, true, true, false])

    @Test("In the terminal's own colours what is light is drawn, with a margin of four modules on each side")
    func ownColours() {
        let margin = String(repeating: "█", count: 11)
        #expect(Self.small.lines(.own) == [margin, margin, "████▄▀ ████", "████▄▄█████", margin, margin])
    }

    @Test("In fixed colours the upper half of a cell is its background, and so is the lower one where it is the same")
    func fixedColours() {
        let lines = Self.small.lines(.fixed)
        let margin = "\u{1B}[48;5;231m" + String(repeating: " ", count: 11) + "\u{1B}[0m"
        #expect(lines.count == 6)
        for index in [0, 1, 4, 5] { #expect(lines[index] == margin) }
        let (dark, light) = ("\u{1B}[48;5;16m", "\u{1B}[48;5;231m")
        let (darkBelow, lightBelow) = ("\u{1B}[38;5;16m", "\u{1B}[38;5;231m")
        #expect(
            lines[2] == "\(light)    \(dark)\(lightBelow)▄\(light)\(darkBelow)▄\(dark) \(light)    \u{1B}[0m")
        #expect(lines[3] == "\(light)    \(dark)\(lightBelow)▄▄\(light)     \u{1B}[0m")
    }
}
