import Testing

@testable import MartinetConfiguration

@Suite("What is printed is read back as the same")
struct RoundTripTests {
    private func read(_ text: String) -> FileReader {
        FileReader([UInt8](text.utf8), name: "f", directory: "/elsewhere")
    }

    @Test("The commented file has every setting, and says nothing but the defaults")
    func commented() {
        let file = read(Configuration.commentedFile)
        #expect(file.messages == [])
        #expect(file.configuration == Configuration.outline)
        let lines = Configuration.commentedFile.split(separator: "\n").map { $0.drop { " #-".contains($0) } }
        for section in EverySetting.sections {
            for (face, _) in section.settings where !face.isShorthand && !face.isInherited {
                #expect(lines.contains { $0.hasPrefix("\(face.key): ") }, "\(section.title): \(face.key)")
            }
        }
    }

    @Test("Every setting at once")
    func everything() {
        let values = EverySetting.values
        func lines(_ section: String, indent: String, without: Set<String> = []) -> String {
            (values[section] ?? [:]).sorted { $0.key < $1.key }.filter { !without.contains($0.key) }
                .map { "\(indent)\($0.key): \($0.value)\n" }.joined()
        }
        let policy = Set(Policy.settings.map(\.face.key))
        let text = """
            \(lines("the top level", indent: "", without: ["include"]))hsts:
            \(lines("hsts", indent: "  "))tls:
            \(lines("tls", indent: "  "))  certificates:
                -
            \(lines("a certificate", indent: "      "))timeouts:
            \(lines("timeouts", indent: "  "))limits:
            \(lines("limits", indent: "  "))logs:
            \(lines("logs", indent: "  "))sites:
              -
            \(lines("a site", indent: "    ", without: policy))    certificate: /etc/site.pem
                hsts: false
                routes:
                  -
            \(lines("a route", indent: "        ", without: policy))        files:
            \(lines("files", indent: "          "))      -
                    path: /c
                    cache: 2d
                    cgi:
            \(lines("cgi", indent: "          "))      - { path: /r, redirect: { to: /x, status: 301 } }
                  - path: /f
                    respond:
            \(lines("respond", indent: "          "))
            """
        let first = read(text)
        #expect(first.messages == [])
        let second = read(first.configuration.file)
        #expect(second.messages == [], "\(first.configuration.file)")
        #expect(second.configuration == first.configuration)
        #expect(second.configuration.file == first.configuration.file)
    }

    @Test(
        "Texts that YAML takes for others are put in quotation marks",
        arguments: [
            "", "null", "~", "yes", "true", "False", "1.2", "1e5", "0x10", "-", "a: b", "a #b", "- a", "'", "\"", "\\",
            "*a", "&a",
            "!a", "%a", "@a", "`a", "{", "[", "|", ">", "a\nb", "\t", " a ", "é", "日本", "\u{85}", "\u{2028}",
            "\u{FEFF}", "\u{7F}",
            "${HOME}", "$${HOME}", "$", "$$", "$$${", "${", "}", "<<", "=", "a\u{202E}b", "\u{E000}", "\u{10FFFF}",
            "\u{FFFE}",
            "2001-01-01", "12:30:45", "1_000", ".inf", "?", ":", ",",
        ])
    func scalars(text: String) {
        for key in ["content", "type"] {
            var response = FixedResponse()
            if key == "content" { response.content = text } else { response.content = text + text }
            var whole = Configuration()
            var site = Site()
            site.routes = [Route("/", .respond(response))]
            whole.sites = [site]
            let file = read(whole.file)
            #expect(file.messages == [], "\(whole.file)")
            #expect(file.configuration == whole, "\(whole.file)")
        }
    }

    @Test("The reference names every setting, its option and its variable")
    func reference() {
        let page = Reference.page
        for section in EverySetting.sections {
            for (face, _) in section.settings where !face.isInherited {
                #expect(page.contains("- **`\(face.key)`**"), "\(section.title): \(face.key)")
                if let option = face.option { #expect(page.contains("`--\(option.name)`")) }
            }
        }
    }
}
