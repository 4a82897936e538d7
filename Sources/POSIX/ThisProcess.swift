import CLinux
import Glibc

/// Facts about the process that runs this code.
package enum ThisProcess {
    package static var identifier: Int { Int(getpid()) }

    private static let descriptorResource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// The limit of open descriptors that this process was started with; nil where the kernel does not tell.
    private static let descriptorLimitAtStart: rlimit? = {
        var limit = rlimit()
        return unsafe getrlimit(descriptorResource, &limit) == 0 ? limit : nil
    }()

    /// Raises the limit of open descriptors as far as it may be raised, and returns it.
    package static func raiseDescriptorLimit() -> Int {
        guard let limit = descriptorLimitAtStart else { return 1024 }
        var raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        let isRaised = unsafe setrlimit(descriptorResource, &raised) == 0
        return Int(clamping: isRaised ? limit.rlim_max : limit.rlim_cur)
    }

    /// Does something with the limit of open descriptors as it was at the start: programs that use select(2) do not
    /// survive descriptors beyond 1023. Those that are open here stay open.
    static func withDescriptorLimitAtStart<Result>(_ body: () -> Result) -> Result {
        guard var limit = descriptorLimitAtStart, limit.rlim_cur < limit.rlim_max else { return body() }
        var current = rlimit()
        unsafe getrlimit(descriptorResource, &current)
        unsafe setrlimit(descriptorResource, &limit)
        defer { unsafe setrlimit(descriptorResource, &current) }
        return body()
    }

    /// The number of processors this process may run on.
    package static var processorCount: Int {
        max(1, Int(clinux_processor_count()))
    }

    /// Sets the name that ps(1) and top(1) show, 15 bytes at the most.
    package static func setName(_ name: String) {
        _ = unsafe clinux_set_process_name(name)
    }

    /// Makes sure that the numbers of the standard streams are taken, so that nothing else that is opened gets them.
    package static func fillStandardStreams() {
        while true {
            let number = unsafe clinux_openat(AT_FDCWD, "/dev/null", O_RDWR)
            guard number >= 0 else { return }
            guard number <= 2 else {
                close(number)
                return
            }
        }
    }

    /// Keeps the descriptors that this process was started with from the processes it starts, its standard streams excepted.
    package static func keepDescriptorsFromChildren() {
        _ = clinux_keep_from_children(standardError + 1)
    }

    /// Hands heap pages that are free back to the kernel.
    package static func trimHeap() {
        clinux_trim_heap()
    }

    /// The value of an environment variable; nil when it is not set or empty.
    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
        return unsafe String(cString: value)
    }

    /// Whether this process may execute the file at a path, as far as its mode says.
    package static func mayExecute(_ path: [UInt8]) -> Bool {
        unsafe access(String(decoding: path, as: UTF8.self), X_OK) == 0
    }

    /// Whether a descriptor leads to a terminal.
    package static func isTerminal(_ descriptor: CInt) -> Bool {
        isatty(descriptor) == 1
    }

    package static let standardOutput: CInt = 1
    package static let standardError: CInt = 2
}
