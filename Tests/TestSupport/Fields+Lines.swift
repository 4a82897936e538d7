import MartinetBytes
package import MartinetHTTP

extension Fields {
    /// The fields as a reader knows them: `Name: value`, each with CR LF.
    package var lines: String {
        var lines: [UInt8] = []
        forEach { name, value in
            lines.append(name)
            lines.append(": ")
            lines.append(value)
            lines.append("\r\n")
        }
        return String(decoding: lines, as: UTF8.self)
    }
}
