import MartinetBytes

/// What stands in a file's values for something else: `${NAME}` for a variable of the environment, `${file:PATH}` for what is in
/// a file, `$${` for `${` itself.
struct Substitution {
    private let surroundings: Surroundings
    private let directory: String

    /// A secret or a name, not a document.
    private static let fileByteLimit = 64 << 10

    init(_ surroundings: Surroundings, directory: String) {
        self.surroundings = surroundings
        self.directory = directory
    }

    /// Nil where something is not there, which the reading then knows.
    func text(_ written: String, at place: Place, _ reading: inout Reading) -> Text? {
        guard written.contains("${") else { return Text(written, at: place) }
        var result = ""
        var rest = written[...]
        while let start = rest.firstRange(of: "${") {
            let before = rest[..<start.lowerBound]
            if before.hasSuffix("$") {
                result += before.dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            result += before
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                reading.refuse(place, "there is no } behind ${.", "Write $${ where ${ is meant.")
                return nil
            }
            do throws(Unfit) {
                result += try value(of: String(rest[start.upperBound..<end]))
            } catch {
                let name = rest[start.lowerBound...end]
                reading.refuse(place, "\(name) has no value: \(error.reason ?? "").", error.wayOut)
                return nil
            }
            rest = rest[rest.index(after: end)...]
        }
        return Text(result + rest, written: written, at: place)
    }

    private func value(of name: String) throws(Unfit) -> String {
        if name.hasPrefix("file:") { return try content(of: String(name.dropFirst("file:".count))) }
        let isName =
            name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
            && !(name.utf8.first.map(ASCII.isDigit) ?? true)
        guard isName else {
            throw Unfit(
                "it names neither a variable nor a file", "Write ${NAME}, ${file:PATH}, or $${ where ${ is meant.")
        }
        guard let value = surroundings.environment(name) else {
            throw Unfit("it is not in the environment", "Set it where martinet is started, or write the value out.")
        }
        return value
    }

    /// Without the end of its last line.
    private func content(of path: String) throws(Unfit) -> String {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw Unfit("it names no file") }
        var bytes = try surroundings.content(Reading(directory: directory).absolute(path))
        guard bytes.count <= Self.fileByteLimit else { throw Unfit("the file is longer than 64 KiB") }
        if bytes.last == ASCII.lineFeed { bytes.removeLast() }
        if bytes.last == ASCII.carriageReturn { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Unfit("what is in the file is not UTF-8 text")
        }
        return text
    }
}
