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

    /// What cannot be read leads nowhere: the fallback says so.
    package func open(_ request: borrowing Request) -> Answer {
        responder(for: request.bytes.span.extracting(request.normalPath)).open(request)
    }

    private func responder(for path: Span<UInt8>) -> any Responder {
        routes.first { $0.holds(path) }?.responder ?? fallback
    }
}
