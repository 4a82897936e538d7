import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Which script a path names")
struct ScriptLocationTests {
    private func directory() throws -> TemporaryDirectory {
        let top = try TemporaryDirectory()
        try top.makeFile("outside")
        try top.makeDirectory("scripts")
        top.enter("scripts")
        try top.makeFile("a")
        try top.makeDirectory("d")
        try top.makeFile("d/b")
        try top.makeFile(".hidden")
        try top.makeFIFO("fifo")
        try top.makeLink("inside", to: "d/b")
        try top.makeLink("out", to: "../outside")
        try top.makeLink("loop", to: "loop")
        return top
    }

    @Test(
        "The longest part that exists is the script, the rest is its path",
        arguments: [
            ("a", false, "a", ""), ("a", true, "a", "/"), ("a/x/y", false, "a", "/x/y"), ("a/x", true, "a", "/x/"),
            ("d/b", false, "d/b", ""), ("d/b/.x/..y", false, "d/b", "/.x/..y"), ("inside/x", false, "inside", "/x"),
        ])
    func found(path: String, slash: Bool, script: String, pathInfo: String) throws {
        let place = try directory()
        let location = try ScriptLocation(
            [UInt8](path.utf8), endsWithSlash: slash, in: Directory(place.path), prefix: [])
        #expect(location.script == [UInt8](script.utf8) && location.pathInfo == [UInt8](pathInfo.utf8))
    }

    @Test(
        "What is no script is told apart",
        arguments: [
            ("missing", .notFound), ("d/missing", .notFound), ("", .isDirectory), ("d", .isDirectory),
            (".hidden", .isHidden), ("d/.x", .isHidden), ("fifo", .isNoFile), ("out", .leadsOutside),
            ("loop", .isLoop),
        ] as [(String, ScriptLocation.Failure)])
    func refused(path: String, failure: ScriptLocation.Failure) throws {
        let place = try directory()
        #expect(throws: failure) {
            _ = try ScriptLocation([UInt8](path.utf8), endsWithSlash: false, in: Directory(place.path), prefix: [])
        }
    }
}
