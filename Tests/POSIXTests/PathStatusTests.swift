import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("What was found at a path, looked at again")
struct PathStatusTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try folder.makeDirectory("1")
        try folder.makeFile("1/a", "one")
        try folder.setModified("1/a", to: 1_000_000_000)
        try folder.makeLink("current", to: "1")
    }

    private func pathStatus(_ name: String) -> PathStatus {
        let path = folder.path(name)
        return PathStatus([UInt8](path.utf8), WholeFile.status(path))
    }

    @Test("A file that is as it was is current, through links as well")
    func unchanged() {
        #expect(pathStatus("1/a").isCurrent && pathStatus("current/a").isCurrent && pathStatus("1").isCurrent)
    }

    @Test(
        "One that has changed, gone or been replaced is not, whatever times and sizes say",
        arguments: ["write", "touch", "mode", "remove", "replace", "directory", "link", "parent"])
    func changed(how: String) throws {
        let known = pathStatus("current/a")
        switch how {
        case "write":
            try folder.makeFile("1/a", "two")
            try folder.setModified("1/a", to: 1_000_000_000)
        case "touch": try folder.setModified("1/a", to: 1_000_000_001)
        case "mode": try folder.setMode("1/a", to: 0o600)
        case "remove": try folder.remove("1/a")
        case "replace":
            try folder.makeFile("1/b", "one")
            try folder.setModified("1/b", to: 1_000_000_000)
            try folder.rename("1/b", to: "1/a")
        case "directory":
            try folder.remove("1/a")
            try folder.makeDirectory("1/a")
        case "link":
            try folder.makeDirectory("2")
            try folder.makeFile("2/a", "one")
            try folder.setModified("2/a", to: 1_000_000_000)
            try folder.makeLink("next", to: "2")
            try folder.rename("next", to: "current")
        default: try folder.remove("1")
        }
        #expect(!known.isCurrent)
    }

    @Test("Where there was nothing, it is current until there is something")
    func nothing() throws {
        for name in ["none", "1/a/none", "none/none"] { #expect(pathStatus(name).isCurrent) }
        let known = pathStatus("1/b")
        try folder.makeFile("1/b")
        #expect(!known.isCurrent)
    }
}
