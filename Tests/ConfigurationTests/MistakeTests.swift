import Testing

@testable import MartinetConfiguration

@Suite("Mistakes, where they stand")
struct MistakeTests {
    @Test("Each is said in these words", arguments: MistakeCase.all)
    func messages(row: MistakeCase) {
        #expect(row.messages == row.expected)
    }

    @Test("There are at least 150 of them, and each is a mistake")
    func count() {
        #expect(MistakeCase.all.count >= 150)
        #expect(MistakeCase.all.allSatisfy { !$0.expected.isEmpty })
    }
}
