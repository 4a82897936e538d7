import MartinetBytes
import MartinetPOSIX

/// Which files count as programs where programs and files lie side by side: their text is for nobody.
package struct ProgramExclusion: Codable, Equatable, Sendable {
    /// Extensions with their dots that make a file a program without an execute bit.
    package var endings: [String]

    package init(endings: [String]) {
        self.endings = endings
    }

    /// Whether a file is a program, or a copy of one as editors and archives leave it.
    ///
    /// - Parameters:
    ///   - path: the one it was opened by, beneath the root.
    ///   - status: its own.
    ///   - statusOf: that of another file beneath the root; nil where there is none.
    func excludes(_ path: [UInt8], _ status: FileStatus, statusOf: ([UInt8]) -> FileStatus?) -> Bool {
        guard status.kind == .regular else { return false }
        if status.isExecutable { return true }
        let start = (path.lastIndex(of: ASCII.slash) ?? -1) + 1
        let hash = UInt8(ascii: "#")
        if path.count > start + 1, path[start] == hash, path.last == hash { return true }
        for end in (start..<path.count).reversed() where Self.separators.contains(path[end]) {
            let original = [UInt8](path[..<end])
            guard path.isVariant(of: original) else { continue }
            if statusOf(original)?.isExecutable == true || isNamedAsProgram(original[start...]) { return true }
        }
        return isNamedAsProgram(path[start...])
    }

    private static let separators = [ASCII.dot, UInt8(ascii: "-"), UInt8(ascii: "~")]

    private func isNamedAsProgram(_ name: ArraySlice<UInt8>) -> Bool {
        endings.contains { ending in
            let ending = [UInt8](ending.utf8)
            return name.count >= ending.count && name.suffix(ending.count).elementsEqual(ending)
        }
    }
}
