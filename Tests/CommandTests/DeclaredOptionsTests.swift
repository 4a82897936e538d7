import ArgumentParser
import MartinetConfiguration
import Testing

@testable import MartinetCommand

@Suite("The options of serve, and the settings that are declared")
struct DeclaredOptionsTests {
    /// Those that are about this start of the command, and no part of what a server is configured with.
    private static let own: Set<String> = ["port", "lan", "open", "host", "verbose", "quiet", "version", "help"]

    @Test("Each option that help shows is a declared setting's, or the command's own")
    func shown() {
        let help = Serve.helpMessage(columns: 200)
        let shown = help.split(separator: "\n").flatMap { line -> [String] in
            // An option's line begins with two spaces, and with the dashes of its names.
            guard line.hasPrefix("  -") else { return [] }
            return line.split { " ,/".contains($0) }.filter { $0.hasPrefix("--") }.prefix(1).map {
                String($0.dropFirst(2))
            }
        }
        let declared = ServeSettings.all.compactMap { $0.face.option?.name }
        #expect(shown.count > 40)
        #expect(Set(shown).subtracting(declared).subtracting(Self.own).isEmpty)
        #expect(Set(declared).isDisjoint(with: Self.own))
    }

    @Test("Short forms are the same")
    func short() {
        let short = ServeSettings.all.compactMap { setting in
            setting.face.option?.short.map { "-\($0), --\(setting.face.option?.name ?? "")" }
        }
        #expect(short == ["-l, --listen"])
        for words in short { #expect(Serve.helpMessage(columns: 200).contains(words)) }
    }
}
