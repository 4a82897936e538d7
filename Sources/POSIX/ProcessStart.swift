import CMartinetLinux
import Glibc

/// How a program is started in a child of this process.
///
/// The child has the standard streams and what it is given, and no other descriptor: not even one that somebody else in this
/// process has opened without O_CLOEXEC. Nothing of this process is changed for it: several threads may start programs.
struct ProcessStart {
    /// Which processes the child belongs with.
    enum Kin {
        case sameGroup, newGroup, newSession

        fileprivate var raw: clinux_kin {
            switch self {
            case .sameGroup: CLINUX_SAME_GROUP
            case .newGroup: CLINUX_NEW_GROUP
            case .newSession: CLINUX_NEW_SESSION
            }
        }
    }

    /// The file to execute.
    var path: [UInt8]
    /// Where it works; nil for where this process does.
    var directory: [UInt8]?
    /// Numbers of the descriptors that it gets as `firstDescriptor` and those behind it.
    var descriptors: [CInt]
    var firstDescriptor: CInt
    var kin = Kin.sameGroup
    /// Signals that wait until the program has said what they are to do. None is ignored in it.
    var blocked: [Signal] = []
    /// What it may use, where that is not as much as this process.
    var limits: [ResourceLimit] = []

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - arguments, environment: tables as execve(2) takes them.
    ///   - handle: gets a descriptor that is readable when the child has ended (pidfd), the caller's to close.
    /// - Returns: the child's number, or the call that failed in it.
    func run(
        arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
        environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, handle: UnsafeMutablePointer<CInt>? = nil
    ) -> Result<Int, SystemError> {
        var numbers = descriptors
        let directory = directory?.terminated
        let limits = (ThisProcess.limitsOfChildren + limits).map(\.raw)
        var child: pid_t = 0
        var step = CLINUX_STEP_CLONE
        let code = unsafe path.terminated.withUnsafeBufferPointer { path in
            unsafe numbers.withUnsafeMutableBufferPointer { numbers in
                unsafe limits.withUnsafeBufferPointer { limits in
                    unsafe Self.withPointer(directory) { directory in
                        var start = unsafe clinux_start(
                            path: path.baseAddress, arguments: arguments, environment: environment,
                            directory: directory, descriptors: numbers.baseAddress,
                            descriptor_count: CInt(numbers.count), first_descriptor: firstDescriptor,
                            limits: limits.baseAddress, limit_count: CInt(limits.count), kin: kin.raw,
                            blocked: SignalQueue.set(of: blocked))
                        return unsafe clinux_start_program(&start, &child, handle, &step)
                    }
                }
            }
        }
        return code == 0 ? .success(Int(child)) : .failure(SystemError(Self.call(step), code: code))
    }

    private static func withPointer<Result>(_ path: [CChar]?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let path else { return body(nil) }
        return unsafe path.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }

    private static func call(_ step: clinux_start_step) -> StaticString {
        switch step {
        case CLINUX_STEP_CLONE: "clone"
        case CLINUX_STEP_GROUP: "setpgid"
        case CLINUX_STEP_DESCRIPTORS: "dup3"
        case CLINUX_STEP_DIRECTORY: "chdir"
        case CLINUX_STEP_LIMITS: "setrlimit"
        default: "execve"
        }
    }
}

/// How much of something a process may use (setrlimit(2)).
struct ResourceLimit: Sendable {
    let resource: CInt
    /// What it may use; it may raise this up to the hard limit.
    let soft: UInt64
    /// Nothing raises the present one.
    let hard: UInt64

    /// - Parameter hard: nil for the present one.
    init(_ resource: __rlimit_resource, soft: UInt64, hard: UInt64? = nil) {
        self.resource = CInt(resource.rawValue)
        self.soft = soft
        self.hard = hard ?? .max
    }

    fileprivate var raw: clinux_resource_limit { clinux_resource_limit(resource: resource, soft: soft, hard: hard) }
}
