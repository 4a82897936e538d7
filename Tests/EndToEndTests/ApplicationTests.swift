import Foundation
import MartinetTestSupport
import Testing

@Suite("Applications as Debian packages them, without wrappers")
struct ApplicationTests {
    /// A folder with a repository `git/project.git` of one commit, and configurations for what shows it.
    private static func makeRepository() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        let script = """
            cd "$0" && mkdir site git && git init -q work && cd work && echo first >file && git add file
            git commit -qm 'The first commit' && git clone -q --bare . ../git/project.git
            cd ../git/project.git && git config http.receivepack true && git update-server-info
            printf 'our $projectroot = "%s/git";\n' "$0" >"$0/gitweb.conf"
            printf 'scan-path=%s/git\ncss=/cgit-css/cgit.css\nlogo=/cgit-css/cgit.png\n' "$0" >"$0/cgitrc"
            """
        let made = try Client.run(["sh", "-c", script, folder.path], environment: git(folder))
        guard made.status == 0 else { throw Missing(description: made.err) }
        return folder
    }

    /// The environment of git: nothing of who runs the tests.
    private static func git(_ folder: TemporaryDirectory, _ server: Server? = nil) -> [String: String] {
        var environment = ["HOME": folder.path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"]
        for role in ["AUTHOR", "COMMITTER"] {
            environment["GIT_\(role)_NAME"] = "Ada"
            environment["GIT_\(role)_EMAIL"] = "ada@example.org"
        }
        if let server { environment["GIT_SSL_CAINFO"] = server.authority }
        return environment
    }

    @Test("git-http-backend answers for all of a prefix: clone and push", arguments: ["/git/", "/git", "/a/b/"])
    func gitHTTPBackend(prefix: String) throws {
        let folder = try Self.makeRepository()
        let options = [
            "--cgi", "\(prefix)=/usr/lib/git-core/git-http-backend",
            "--cgi-env", "GIT_PROJECT_ROOT=\(folder.path("git"))", "--cgi-env", "GIT_HTTP_EXPORT_ALL=",
        ]
        try Server.run(options, folder: TemporaryDirectory(in: folder)) { server in
            let url = server.url + prefix.dropFirst() + (prefix.hasSuffix("/") ? "" : "/") + "project.git"
            let script = """
                cd "$1" && git clone -q "$0" clone && cd clone && cat file && echo second >file
                git commit -qam 'The second commit' && git push -q origin HEAD 2>&1
                # More than git sends at once: in chunks, and compressed.
                head -c 3000000 /dev/urandom >large && git add large && git commit -qm 'A large one' && git push -q origin HEAD
                git -C ../git/project.git log --format=%s && git fsck --no-progress
                """
            let outcome = try Client.run(
                ["sh", "-c", script, url, folder.path], environment: Self.git(folder, server), within: .seconds(60))
            #expect(
                outcome.out == "first\nA large one\nThe second commit\nThe first commit\n" && outcome.status == 0,
                "\(outcome.out)\(outcome.err)")
        }
    }

    @Test("gitweb shows a repository, style sheet included, as a program and as a directory's index")
    func gitweb() throws {
        let folder = try Self.makeRepository()
        let options = [
            "--cgi", "/gitweb/=/usr/lib/cgi-bin/gitweb.cgi", "--files", "/gitweb/static/=/usr/share/gitweb/static",
            "--cgi", "/other=/usr/share/gitweb", "--cgi-index", "index.cgi", "--cgi-files",
            "--cgi-env", "GITWEB_CONFIG=\(folder.path("gitweb.conf"))",
        ]
        try Server.run(options, folder: TemporaryDirectory(in: folder)) { server in
            for prefix in ["gitweb", "other"] {
                #expect(try server.curl("-f", "-L", path: prefix).out.contains("project.git"))
                try self.followLinks(from: "\(prefix)/", server, to: "a=summary", holding: "The first commit")
                try self.followLinks(from: "\(prefix)/?p=project.git;a=summary", server, to: ".css", holding: "{")
            }
            // The source of a program is not sent, by whichever name, nor is what is in its directory listed.
            for path in ["other/gitweb.cgi", "other/index.cgi"] {
                #expect(try !server.curl(path: path).out.contains("#!/usr/bin/perl"))
            }
            #expect(try server.curl("-o", "/dev/null", "-w", "%{http_code}", path: "other/static/").out == "404")
        }
    }

    @Test("cgit shows a repository, style sheet included")
    func cgit() throws {
        let folder = try Self.makeRepository()
        let options = [
            "--cgi", "/cgit/=/usr/lib/cgit/cgit.cgi", "--files", "/cgit-css/=/usr/share/cgit", "--cgi-env",
            "CGIT_CONFIG=\(folder.path("cgitrc"))",
        ]
        try Server.run(options, folder: TemporaryDirectory(in: folder)) { server in
            try self.followLinks(from: "cgit/", server, to: "project.git/", holding: "The first commit")
            try self.followLinks(from: "cgit/project.git/log/", server, to: ".css", holding: "{")
        }
    }

    /// Follows the first link on a page that holds `text`, as a browser does.
    private func followLinks(from path: String, _ server: Server, to text: String, holding expected: String) throws {
        let page = try server.curl("-f", path: path)
        #expect(page.status == 0, "\(page.err)")
        let links = page.out.matches(of: /href=["']([^"']*)["']/).map { String($0.1) }
        let link = try #require(links.first { $0.contains(text) }, "\(page.out)").replacing("&amp;", with: "&")
        #expect(!page.out.contains("<base"))
        let url = try #require(URL(string: link, relativeTo: URL(string: server.url + path)))
        let target = try Client.run(["curl", "-sSf", "--cacert", server.authority, url.absoluteString])
        #expect(target.status == 0 && target.out.contains(expected), "\(url.absoluteString): \(target.err)")
    }

    @Test("A program that is named alone, and lies in the folder, is not sent as a file; nor is a script by --files")
    func concealed() throws {
        let folder = try TemporaryDirectory()
        for name in ["scripts", "scripts/static"] { try folder.makeDirectory(name) }
        let script = "#!/bin/sh\n# secret\necho Content-Type: text/plain; echo; echo $GREETING"
        for name in ["program", "scripts/static/tool"] {
            _ = try Client.run([
                "sh", "-c", "printf %s \"$1\" >\"$0\"; chmod +x \"$0\"", folder.path(name), script,
            ])
        }
        try folder.makeFile("scripts/static/style.css", "style")
        let options = [
            "--cgi", "/run=\(folder.path("program"))", "--cgi", "/cgi-bin/=\(folder.path("scripts"))", "--files",
            "/static/=\(folder.path("scripts/static"))", "--cgi-env", "GREETING=hello",
        ]
        try Server.run(options, folder: folder) { server in
            let answer = try server.curl("-f", path: "run")
            #expect(answer.out == "hello\n", "\(answer.err)")
            #expect(try server.curl("-f", path: "cgi-bin/static/tool").out == "hello\n")
            #expect(try server.curl("-f", path: "static/style.css").out == "style")
            for path in ["program", "program~", "static/tool", "scripts/static/tool", "scripts/static/style.css"] {
                #expect(try server.curl("-f", path: path).status == 22, "\(path)")
            }
            #expect(server.banner.contains { $0.hasPrefix("files") && $0.contains("/static/ serves") })
            #expect(server.banner.contains { $0.hasPrefix("programs") && $0.contains("/run runs") })
        }
    }
}
