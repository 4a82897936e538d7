import MartinetEvents
import Testing

@testable import MartinetCommand

@Suite("Programs that are asked to do one thing")
struct ToolTests {
    private func run(_ script: String, within time: Interval = .seconds(60)) -> Tool.Outcome {
        Tool(path: "/bin/sh").run(["-c", script], within: time)
    }

    @Test("What it writes is there, however much, and its last words where it fails")
    func output() {
        #expect(run("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2").output.utf8.count == 300_000)
        let failed = run("echo out; echo first >&2; echo last >&2; echo >&2; exit 3")
        #expect(!failed.isFine)
        #expect(failed.output == "out\n")
        #expect(failed.problem == "last")
        #expect(run("exit 3").problem == "exit status 3")
        #expect(Tool(path: "/nowhere/tool").run([]).problem == "No such file or directory")
    }

    @Test("More than it keeps is read all the same, so that it comes to its end")
    func flood() {
        let outcome = run("head -c 9000000 /dev/zero")
        #expect(outcome.isFine)
        #expect(outcome.output.utf8.count == 4 << 20)
    }

    @Test("It has nothing to read, and no terminal to ask at")
    func input() {
        #expect(run("cat; echo $LC_ALL").output == "C\n")
    }

    @Test("One that does not end is ended, and what it started is not waited for")
    func endless() {
        let outcome = run("exec sleep 1000", within: .milliseconds(20))
        #expect(!outcome.isFine)
        #expect(outcome.problem.hasPrefix("it did not end"))
        #expect(run("sleep 1000 & echo done").output == "done\n")
    }

    @Test("It is found where administrators' tools are, but not in a relative folder")
    func finding() {
        #expect(Tool("sh") != nil)
        #expect(Tool("no-such-tool") == nil)
        #expect(!Tool.isProgram("/etc"))
    }
}
