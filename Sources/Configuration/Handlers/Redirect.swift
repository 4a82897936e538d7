/// Another address, to which clients are sent.
package struct Redirect: Codable, Equatable, Sendable {
    package enum Status: String, Codable, CaseIterable, Sendable {
        case movedPermanently = "301"
        case found = "302"
        case seeOther = "303"
        case temporaryRedirect = "307"
        case permanentRedirect = "308"
    }

    /// A URI or a path. A star at its end is the rest of the request's path, behind that of the route.
    package var target = ""
    package var status = Status.permanentRedirect

    package init() {}
}

extension Redirect: Section {
    package static let title = "redirect"
    package static let help = "Another address, to which clients are sent."

    package static let settings: [Setting<Redirect>] = [
        .value(
            "to", \.target, .redirectTarget, option: .none, isRequired: true,
            help: "Where to. A star at the end is the rest of the path, with its query."),
        .value(
            "status", \.status, .choice, option: .none,
            help: "With 307 and 308 the method stays; 301 and 308 are for good, and kept by browsers."),
    ]
}
