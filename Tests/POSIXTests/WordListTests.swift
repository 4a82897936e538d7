import Testing

@testable import MartinetPOSIX

@Suite("Words for a program")
struct WordListTests {
    private func texts(_ list: WordList) -> [String] { list.words.map { String(decoding: $0, as: UTF8.self) } }

    @Test("Words and variables keep their order and their bytes")
    func words() {
        var list = WordList(["a", "", "c d"])
        list.append([UInt8]("NAME".utf8), value: [UInt8]("x=y".utf8))
        #expect(texts(list) == ["a", "", "c d", "NAME=x=y"])
        #expect(!list.isEmpty && WordList().isEmpty)
    }

    @Test("A NUL cannot end a word early")
    func nul() {
        var list = WordList()
        list.append([0x61, 0, 0x62])
        list.append([0x4E], value: [0, 0x31])
        #expect(texts(list) == ["ab", "N=1"])
    }
}
