import HTTP
import Testing

@Suite("Entity tags (RFC 9110 §8.8.3)")
struct EntityTagTests {
    @Test(
        "A quoted string without quotes in it is a tag, weak behind W/",
        arguments: [
            ("\"xyzzy\"", "\"xyzzy\"", false), ("W/\"xyzzy\"", "\"xyzzy\"", true), ("\"\"", "\"\"", false),
            ("W/\"\"", "\"\"", true), ("\"!#~\"", "\"!#~\"", false), ("\"a\\b\"", "\"a\\b\"", false),
            ("\"a,b;c\"", "\"a,b;c\"", false), ("\"W/\"", "\"W/\"", false), ("\"é\"", "\"é\"", false),
        ])
    func valid(text: String, quoted: String, isWeak: Bool) throws {
        let tag = try #require(EntityTag(text))
        #expect(tag.quoted == [UInt8](quoted.utf8))
        #expect(tag.isWeak == isWeak)
    }

    @Test(
        "Anything else is none",
        arguments: [
            "", "\"", "x", "xyzzy", "\"x", "x\"", "'x'", "w/\"x\"", "W/", "W/\"", "W/x", "W /\"x\"", "W/ \"x\"",
            "W\"x\"", "\"a\"b\"", "\"a b\"", "\"a\tb\"", "\"\r\n\"", "\"\u{0}\"", "\"x\" ", " \"x\"",
            "\"x\";", "\"x\",\"y\"", "*", "W/W/\"x\"", "\"\"\"",
        ])
    func invalid(text: String) {
        #expect(EntityTag(text) == nil)
    }

    @Test(
        "Tags are compared as the table of §8.8.3.2 says",
        arguments: [
            ("W/\"1\"", "W/\"1\"", false, true), ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true), ("\"1\"", "\"1\"", true, true), ("\"1\"", "W/\"1\"", false, true),
            ("\"a\"", "\"A\"", false, false), ("\"1\"", "\"11\"", false, false), ("\"\"", "\"\"", true, true),
        ])
    func comparison(first: String, second: String, isStrong: Bool, isWeak: Bool) throws {
        let first = try #require(EntityTag(first))
        let second = try #require(EntityTag(second))
        #expect(first.matchesStrongly(second) == isStrong)
        #expect(first.matchesWeakly(second) == isWeak)
    }

    @Test("A tag that is made is strong")
    func made() {
        let tag = EntityTag(quoted: [UInt8]("\"x\"".utf8))
        #expect(!tag.isWeak)
        #expect(tag == EntityTag("\"x\""))
    }
}
