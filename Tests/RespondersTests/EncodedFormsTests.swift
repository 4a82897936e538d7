import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Compressed forms at hand")
struct EncodedFormsTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    /// Later than every file here.
    private static let later = WallTime(seconds: 4_000_000_000)

    private func file(_ name: String, _ content: String = "content", modified: Int = 1) throws -> OpenFile {
        try folder.makeFile(name, content)
        try folder.setModified(name, to: modified)
        return try OpenFile(FileDescriptor.open(folder.path(name), for: .reading))
    }

    @Test("A form is that of one file, in one state and one coding")
    func identity() throws {
        let forms = EncodedForms()
        let file = try file("a")
        let key = EncodedForms.Key(status: file.status, coding: .gzip)
        let claim = try #require(forms.claim(key))
        let form = try #require(forms.make(claim, from: file, now: Self.later))
        #expect(forms[key] == form)
        let reopened = try OpenFile(FileDescriptor.open(folder.path("a"), for: .reading))
        #expect(forms[EncodedForms.Key(status: reopened.status, coding: .gzip)] == form)
        #expect(forms[EncodedForms.Key(status: file.status, coding: .brotli)] == nil)
        for other in [try self.file("b"), try self.file("a", "content", modified: 2), try self.file("a", "contents")] {
            #expect(forms[EncodedForms.Key(status: other.status, coding: .gzip)] == nil)
        }
    }

    @Test("One makes it at a time, until it is made or given up")
    func claims() throws {
        let forms = EncodedForms()
        let file = try file("a")
        let key = EncodedForms.Key(status: file.status, coding: .gzip)
        var claim = forms.claim(key)
        #expect(claim != nil)
        #expect(forms.claim(key) == nil)
        #expect(forms.claim(EncodedForms.Key(status: file.status, coding: .brotli)) != nil)
        claim = nil
        let next = try #require(forms.claim(key))
        _ = forms.make(next, from: file, now: Self.later)
        let after = forms.claim(key)
        #expect(after != nil, "though the one who made it is still there")
        withExtendedLifetime((next, claim)) {}
    }

    @Test("The form of a file that changed just now is made, but not kept")
    func unsettled() throws {
        let forms = EncodedForms()
        let file = try file("a")
        let key = EncodedForms.Key(status: file.status, coding: .gzip)
        let claim = try #require(forms.claim(key))
        #expect(forms.make(claim, from: file, now: file.status.changeTime) != nil)
        #expect(forms[key] == nil)
    }

    @Test("A file that changed since it was opened has none")
    func changed() throws {
        let forms = EncodedForms()
        let file = try file("a")
        try folder.makeFile("a", "other")
        let key = EncodedForms.Key(status: file.status, coding: .gzip)
        let claim = try #require(forms.claim(key))
        #expect(forms.make(claim, from: file, now: Self.later) == nil)
        #expect(forms[key] == nil)
    }

    @Test("What is kept has a bound: the oldest goes first")
    func bound() throws {
        let forms = EncodedForms()
        let keys = try ["a", "b", "c"].map { EncodedForms.Key(status: try file($0).status, coding: .gzip) }
        let half = [UInt8](repeating: 1, count: 8 * 1024 * 1024)
        for key in keys { forms.insert(half, for: key) }
        #expect(keys.map { forms[$0] != nil } == [false, true, true])
        // Nothing is counted twice, and nothing that is too large has the others thrown out.
        forms.insert(half, for: keys[2])
        forms.insert(half + half + [1], for: keys[0])
        #expect(keys.map { forms[$0] != nil } == [false, true, true])
        forms.insert([1], for: keys[0])
        #expect(keys.map { forms[$0] != nil } == [true, false, true])
    }
}
