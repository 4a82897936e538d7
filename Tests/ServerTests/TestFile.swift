import FoundationEssentials

enum TestFile {
    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
