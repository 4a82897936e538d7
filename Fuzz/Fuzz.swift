import Glibc
import MartinetBytes

/// One kind of input: what is done with it, and what must hold whatever it is.
enum Target: String, CaseIterable {
    case request, chunked, ranges, conditions, path, script, configuration

    func run(_ bytes: [UInt8]) {
        switch self {
        case .request: RequestTarget.run(bytes)
        case .chunked: ChunkedTarget.run(bytes)
        case .ranges: RangesTarget.run(bytes)
        case .conditions: ConditionsTarget.run(bytes)
        case .path: PathTarget.run(bytes)
        case .script: ScriptTarget.run(bytes)
        case .configuration: ConfigurationTarget.run(bytes)
        }
    }

    /// The one that the environment names.
    static let chosen: Target = {
        guard let name = unsafe getenv("MARTINET_FUZZ_TARGET"),
            let target = Target(rawValue: unsafe String(cString: name))
        else { fatalError("MARTINET_FUZZ_TARGET is to be one of \(allCases.map(\.rawValue))") }
        return target
    }()
}

/// What libFuzzer calls with each input.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // A copy of exactly this size, so that AddressSanitizer sees every byte read beyond it.
    Target.chosen.run(unsafe [UInt8](UnsafeBufferPointer(start: data, count: count)))
    return 0
}

/// Ends the program, which libFuzzer reports with the input, where something does not hold.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard condition else { fatalError(message()) }
}

extension [UInt8] {
    /// The bytes with their runs written out, so that limits of many kilobytes are met by short inputs: 0xFF, n, b stands
    /// for 128·n times b. `seeds.py` writes runs so.
    var expanded: [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < count, result.count < 96 * 1024 {
            if self[index] == 0xFF, index + 2 < count {
                result += repeatElement(self[index + 2], count: 128 * Int(self[index + 1]))
                index += 3
            } else {
                result.append(self[index])
                index += 1
            }
        }
        return result
    }

    /// The parts between the separators, with the empty ones.
    func parts(separator: UInt8) -> [[UInt8]] {
        split(separator: separator, omittingEmptySubsequences: false).map { [UInt8]($0) }
    }

    var text: String { String(decoding: self, as: UTF8.self) }
}

extension ArraySlice<UInt8> {
    /// Where `part`, which is not empty, first stands.
    func firstPosition(of part: [UInt8]) -> Int? {
        var start = startIndex
        while let position = self[start...].firstIndex(of: part[0]) {
            if self[position...].starts(with: part) { return position }
            start = position + 1
        }
        return nil
    }
}

extension [UInt8] {
    /// The bytes with every `part` left out.
    func without(_ part: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = self[...]
        while let position = rest.firstPosition(of: part) {
            result += rest[..<position]
            rest = rest[(position + part.count)...]
        }
        return result + rest
    }
}
