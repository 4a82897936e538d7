import MartinetPOSIX

extension Surroundings {
    /// What a directory's reading ends at.
    private static let nameLimit = 4096

    /// This machine's files.
    ///
    /// - Parameter environment: the value of a variable; nil where it is not set.
    package static func files(environment: @escaping @Sendable (String) -> String?) -> Surroundings {
        Surroundings(
            environment: environment,
            content: { path throws(Unfit) in
                guard let status = WholeFile.status(path) else { throw Unfit(SystemError("open").reason) }
                // A device has no end, and a pipe may have nobody who writes to it.
                guard status.kind == .regular else { throw Unfit("it is no regular file") }
                guard status.byteCount <= fileByteLimit else { throw Unfit("it is longer than 8 MiB") }
                do throws(SystemError) {
                    return try WholeFile.read(path)
                } catch {
                    throw Unfit(error.reason)
                }
            },
            names: { path throws(Unfit) in
                let names: [String]
                do throws(SystemError) {
                    names = try WholeFile.names(in: path)
                } catch {
                    throw Unfit(error.reason)
                }
                guard names.count < nameLimit else { throw Unfit("there are \(nameLimit) files in it, or more") }
                return names
            })
    }
}
