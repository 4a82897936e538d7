extension String {
    /// The text with an escape ("\u{1b}") for what cannot be seen in it: a control (Cc), a format character (Cf), and what ends
    /// a line (Zl, Zp). Nothing of it can steer a terminal, begin a line, or put other text in another order.
    package var visible: String {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
