extension QRCode {
    /// How a terminal shows it.
    package enum Colours: Sendable {
        /// Black and white, whatever the terminal's own colours are: two of the fixed ones of 256.
        case fixed
        /// The terminal's own, which are taken for light on dark: what is light is drawn.
        case own
    }

    /// The code and the light margin around it as lines of text, each for two rows of modules.
    package func lines(_ colours: Colours) -> [String] {
        let range = -Self.quietZone..<width + Self.quietZone
        return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { row in
            // Of an odd number of rows the last line's lower half is margin, too.
            let cells = range.map { (isUpperDark: self[row, $0], isLowerDark: self[row + 1, $0]) }
            return colours == .fixed ? Self.coloured(cells) : cells.map(Self.block).joined()
        }
    }

    private static func block(isUpperDark: Bool, isLowerDark: Bool) -> String {
        switch (isUpperDark, isLowerDark) {
        case (false, false): "█"
        case (false, true): "▀"
        case (true, false): "▄"
        case (true, true): " "
        }
    }

    /// Backgrounds alone fill their cells in each terminal: where fonts draw the blocks, there may be gaps between lines. So
    /// the upper half is always background, and a cell of one colour nothing else.
    private static func coloured(_ cells: [(isUpperDark: Bool, isLowerDark: Bool)]) -> String {
        var line = ""
        var background: Bool?
        var foreground: Bool?
        for cell in cells {
            if cell.isUpperDark != background {
                line += "\u{1B}[48;5;\(colour(cell.isUpperDark))m"
                background = cell.isUpperDark
            }
            if cell.isUpperDark == cell.isLowerDark {
                line += " "
                continue
            }
            if cell.isLowerDark != foreground {
                line += "\u{1B}[38;5;\(colour(cell.isLowerDark))m"
                foreground = cell.isLowerDark
            }
            line += "▄"
        }
        return line + "\u{1B}[0m"
    }

    /// Black and white of the colour cube, which no theme changes.
    private static func colour(_ isDark: Bool) -> Int { isDark ? 16 : 231 }
}
