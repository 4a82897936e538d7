import Foundation

/// What Linux says about other processes (proc(5)).
enum Kernel {
    /// The processes that `parent` has started and that still live.
    static func children(of parent: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { status(of: $0, "PPid") == Int(parent) && isAlive($0) }.sorted()
    }

    /// All processes that descend from this one, those that have ended and were not reaped among them.
    static func descendants(of ancestor: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let parents = Dictionary(
            names.compactMap { Int32($0) }.compactMap { id in status(of: id, "PPid").map { (id, Int32($0)) } },
            uniquingKeysWith: { $1 })
        return parents.keys.filter { id in
            var id = id
            while let parent = parents[id], parent != 0 {
                if parent == ancestor { return true }
                id = parent
            }
            return false
        }
    }

    /// What the process is called, and its state.
    static func name(of process: Int32) -> String {
        "\(process) \(line(of: process, "Name") ?? "") \(line(of: process, "State") ?? "")"
    }

    /// Whether the process exists, be it as a zombie.
    static func exists(_ process: Int32) -> Bool { line(of: process, "State") != nil }

    /// Whether the process exists and has not ended.
    static func isAlive(_ process: Int32) -> Bool {
        guard let state = line(of: process, "State") else { return false }
        return !state.hasPrefix("Z") && !state.hasPrefix("X")
    }

    /// Whether the process waits for something to happen. One that looks again and again, without waiting, never does.
    static func isAsleep(_ process: Int32) -> Bool { line(of: process, "State")?.hasPrefix("S") == true }

    /// How many descriptors the process has open.
    static func descriptorCount(of process: Int32) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd"))?.count ?? 0
    }

    /// Whether a process's memory is what it asked for: a sanitizer (scripts/sanitize) adds its own, and keeps what is freed.
    /// What the memory had at most can be asked of a server by root alone.
    static let isMemoryExact =
        seesDescriptors
        && ["ASAN_OPTIONS", "TSAN_OPTIONS"].allSatisfy {
            ProcessInfo.processInfo.environment[$0] == nil
        }

    /// The most memory the process has had at one time since `forgetPeak(of:)`, in bytes.
    static func peakMemory(of process: Int32) -> Int {
        (status(of: process, "VmHWM") ?? 0) * 1024
    }

    /// The memory the process has now, in bytes.
    static func memory(of process: Int32) -> Int {
        (status(of: process, "VmRSS") ?? 0) * 1024
    }

    /// The memory that the process shares with no other, in bytes; nil where the kernel does not tell.
    static func privateMemory(of process: Int32) -> Int? {
        let path = "/proc/\(process)/smaps_rollup"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").filter { $0.hasPrefix("Private_") }
            .compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.reduce(0, +) * 1024
    }

    /// What the kernel keeps of what was sent over each TCP connection from this port and has not been taken, in bytes.
    static func sendQueues(from port: Int) -> [Int] {
        // It comes in pieces, of which String(contentsOfFile:) reads the first.
        let file = FileHandle(forReadingAtPath: "/proc/net/tcp")
        guard let data = try? file?.readToEnd() else { return [] }
        let text = String(decoding: data, as: UTF8.self)
        // sl, local_address, rem_address, st, tx_queue:rx_queue, all hexadecimal; state 1 is ESTABLISHED.
        return text.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }.compactMap { words in
            guard words.count > 4, words[3] == "01",
                words[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) }) == port
            else { return nil }
            return words[4].split(separator: ":").first.flatMap { Int($0, radix: 16) }
        }
    }

    /// Lets the peak begin anew at what the process has now.
    static func forgetPeak(of process: Int32) throws {
        guard seesDescriptors else { return }
        try Data("5".utf8).write(to: URL(filePath: "/proc/\(process)/clear_refs"))
    }

    /// Whether the tests see what the server has open, which protects its memory from all but root.
    static let seesDescriptors = geteuid() == 0

    /// Whether programs that the process executes gain no rights.
    static func hasNoNewRights(_ process: Int32) -> Bool { line(of: process, "NoNewPrivs") == "1" }

    /// The soft limit of a process, as the kernel writes it: "0", "unlimited".
    static func limit(_ name: String, of process: Int32) -> String? {
        let text = try? String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)
        return text?.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(name.count)
            .split(separator: " ").first.map(String.init)
    }

    private static func status(of process: Int32, _ name: String) -> Int? {
        line(of: process, name).flatMap { $0.split(separator: " ").first }.flatMap { Int($0) }
    }

    private static func line(of process: Int32, _ name: String) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}
