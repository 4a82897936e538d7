import MartinetBytes
import Testing

@Suite("How far words are from each other")
struct EditDistanceTests {
    @Test(
        "A letter more, less or another is one step, and so are two neighbours that changed places",
        arguments: [
            ("serve", "serve", 0), ("serv", "serve", 1), ("sserve", "serve", 1), ("sarve", "serve", 1),
            ("sevre", "serve", 1), ("", "cert", 4), ("cert", "", 4), ("abc", "cab", 2),
        ] as [(String, String, Int)])
    func distance(first: String, second: String, steps: Int) {
        #expect(EditDistance.between([UInt8](first.utf8), [UInt8](second.utf8)) == steps)
    }
}
