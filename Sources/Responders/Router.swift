import MartinetBytes
package import MartinetHTTP

/// Gives each request to the responder whose prefix its path begins with: the longest one, segment by segment.
package final class Router: Responder {
    /// A part of the site's paths, and who answers there.
    package struct Route {
        fileprivate let prefix: [UInt8]
        fileprivate let responder: any Responder
        /// Whether the prefix without a slash behind it belongs to it, too.
        private let includesItself: Bool

        /// - Parameters:
        ///   - prefix: a path such as `/cgi-bin/`, not percent-encoded; slashes at its ends make no difference.
        ///   - includesItself: whether `/cgi-bin` belongs to it, too.
        package init(prefix: String, responder: any Responder, includesItself: Bool = false) {
            self.prefix = Router.segments(of: prefix)
            self.responder = responder
            self.includesItself = includesItself
        }

        /// Whether the path lies beneath the prefix: `/cgi-bin/x` does beneath `cgi-bin`, `/cgi-bins` does not.
        fileprivate func holds(_ path: Span<UInt8>) -> Bool {
            guard !prefix.isEmpty else { return true }
            let end = 1 + prefix.count
            guard path.count > end else {
                return includesItself && path.count == end && path.extracting(1..<end).isEqual(to: prefix)
            }
            return path[end] == ASCII.slash && path.extracting(1..<end).isEqual(to: prefix)
        }
    }

    /// A prefix such as `/cgi-bin/` as its segments joined with slashes, without one at either end: two that are the same
    /// then are the same route.
    package static func segments(of prefix: String) -> [UInt8] {
        [UInt8](prefix.utf8.split(separator: ASCII.slash).joined(separator: [ASCII.slash]))
    }

    private let routes: [Route]
    private let fallback: any Responder

    /// - Parameter fallback: answers where no route does.
    package init(_ routes: [Route], fallback: any Responder) {
        self.routes = routes.sorted { $0.prefix.count > $1.prefix.count }
        self.fallback = fallback
    }

    package func open(_ request: borrowing Request) -> Answer {
        responder(for: request.bytes.span.extracting(request.path)).open(request)
    }

    private func responder(for path: Span<UInt8>) -> any Responder {
        // A path that could be written in another way is compared as what it means.
        if Self.isPlain(path) {
            return routes.first { $0.holds(path) }?.responder ?? fallback
        }
        guard let meant = try? TargetPath(path, allowsHidden: true) else { return fallback }
        let whole = [ASCII.slash] + meant.relative + (meant.endsWithSlash ? [ASCII.slash] : [])
        return routes.first { $0.holds(whole.span) }?.responder ?? fallback
    }

    /// Whether the path is its own decoded and normal form.
    private static func isPlain(_ path: Span<UInt8>) -> Bool {
        var previous = UInt8(0)
        for index in 0..<path.count {
            let byte = path[index]
            if byte == ASCII.percent { return false }
            if previous == ASCII.slash, byte == ASCII.slash || byte == ASCII.dot { return false }
            previous = byte
        }
        return true
    }
}
