import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// Finds what answers for a path of a site of scripts.
struct ScriptFinder {
    enum Finding: Equatable {
        case script(ScriptLocation)
        /// What is there, if anything is, is for those who send files.
        case file
        /// Relative links would lead elsewhere: the path is to end with a slash.
        case slashMissing
    }

    private let site: CGISite
    private let prefix: [UInt8]

    init(_ site: CGISite) {
        self.site = site
        prefix = site.prefixPath
    }

    /// Looks in the directory that has the site's path now: scripts are executed by their path, and another directory may have
    /// taken the place of the one that was there at the start.
    ///
    /// - Parameter path: the whole of it; it lies beneath the site's prefix, or is that.
    func find(_ path: TargetPath, _ method: Method) throws(ScriptLocation.Failure) -> Finding {
        let beneath = [UInt8](path.relative.dropFirst(prefix.isEmpty ? 0 : prefix.count + 1))
        let mayRedirect = !path.endsWithSlash && (method == .get || method == .head)
        if let program = site.program {
            if beneath.isEmpty, mayRedirect, site.hasOwnSlash { return .slashMissing }
            var location = ScriptLocation(
                program: [UInt8](program.utf8), beneath, endsWithSlash: path.endsWithSlash, ownsSlash: site.hasOwnSlash,
                prefix: prefix)
            location.keepSlashes(of: path)
            // It is named by who started the server, wherever links lead.
            let kind = try ScriptLocation.status(of: location.script, in: directory(.anywhere)).kind
            guard kind == .regular else { throw kind == .directory ? .isDirectory : .isNoFile }
            return .script(location)
        }
        let directory = try directory(.beneath)
        do throws(ScriptLocation.Failure) {
            var location = try ScriptLocation(
                beneath, endsWithSlash: path.endsWithSlash, in: directory, prefix: prefix)
            location.keepSlashes(of: path)
            return isServedAsFile(location) ? .file : .script(location)
        } catch {
            guard case .isDirectory = error else { throw error }
            if let index = try index(of: beneath, in: directory) { return mayRedirect ? .slashMissing : .script(index) }
            guard site.files != nil else { throw error }
            return .file
        }
    }

    /// The first of the site's index scripts that the directory has.
    private func index(
        of path: [UInt8], in directory: borrowing Directory
    ) throws(ScriptLocation.Failure) -> ScriptLocation? {
        for name in site.indexNames {
            do throws(ScriptLocation.Failure) {
                let location = try ScriptLocation(
                    path.isEmpty ? [UInt8](name.utf8) : path.appending([UInt8](name.utf8)), endsWithSlash: false,
                    in: directory, prefix: prefix)
                if !isServedAsFile(location) { return location }
            } catch {
                guard error == .notFound || error == .isDirectory else { throw error }
            }
        }
        return nil
    }

    private func isServedAsFile(_ location: ScriptLocation) -> Bool {
        site.files != nil && !location.isExecutable && site.interpreter(for: location.script) == nil
    }

    private func directory(_ resolution: Directory.Resolution) throws(ScriptLocation.Failure) -> Directory {
        do throws(SystemError) {
            return try Directory(site.directory, resolution: resolution)
        } catch {
            throw error.isMissing ? .notFound : .unreachable(error)
        }
    }
}
