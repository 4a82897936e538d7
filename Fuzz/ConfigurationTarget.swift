import MartinetBytes
import MartinetConfiguration

/// A configuration file, with a few variables and files that it may name: every mistake can be shown, and what has none is
/// printed and read back as the same.
enum ConfigurationTarget {
    private static let surroundings = Surroundings(
        environment: { ["A": "a", "HOME": "/home", "EMPTY": ""][$0] },
        content: { path throws(Unfit) in
            switch path.utf8.count % 3 {
            case 0: throw Unfit("No such file or directory")
            case 1: [UInt8]("names: [b.org]\nroot: /srv\n".utf8)
            default: [UInt8]("secret\n".utf8)
            }
        },
        names: { path throws(Unfit) in
            guard path.utf8.count % 2 == 0 else { throw Unfit("Permission denied") }
            return ["a.yaml", ".b.yaml", "c"]
        })

    static func run(_ bytes: [UInt8]) {
        let file = FileReader(bytes, name: "f", directory: "/etc", surroundings: surroundings)
        for message in file.messages {
            expect(
                !message.isEmpty && !message.utf8.contains { $0 < 0x20 && $0 != ASCII.lineFeed }, "a control character")
        }
        guard file.mistakes.isEmpty else { return }
        let text = file.configuration.file
        let again = FileReader([UInt8](text.utf8), name: "g", directory: "/elsewhere")
        expect(again.mistakes.isEmpty, "\(text)\n\(again.messages)")
        expect(again.configuration == file.configuration, "another configuration from\n\(text)")
        // What is asked for can be chosen from.
        for listening in file.configuration.listeners {
            let index = file.configuration.siteIndex(at: listening.address)
            for name in file.configuration.sites.flatMap(\.names) { _ = index.site(for: [UInt8](name.utf8).span) }
        }
        for site in file.configuration.sites {
            let table = RouteTable(site.routes.map(\.path))
            for route in site.routes where !route.path.contains("//") {
                expect(table.route(for: [UInt8](route.path.utf8).span) != nil, "no route for \(route.path)")
            }
        }
    }
}
