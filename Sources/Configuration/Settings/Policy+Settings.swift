extension Policy: Section {
    package static let title = "a policy"
    package static let help = "What holds for responses, wherever they come from."

    package static let settings: [Setting<Policy>] = headers + files + access

    private static let headers: [Setting<Policy>] = [
        .pairs(
            "header", separator: ":", .fieldName, .fieldValue,
            help: "A field to set in every response, in place of what it has under this name.",
            assign: { pairs, policy, _ in
                for (name, value, _) in pairs { policy.setHeader(FieldLine(name, value)) }
            }, show: { $0.headers.map { ($0.name, $0.value) } }),
        .pairs(
            "add-header", separator: ":", repeats: true, .fieldName, .fieldValue,
            help: "A field to add to every response, beside what it has under this name.",
            assign: { pairs, policy, _ in
                policy.addedHeaders += pairs.map { FieldLine($0.0, $0.1) }
            }, show: { $0.addedHeaders.map { ($0.name, $0.value) } }),
        .addition(
            "remove-header", \.removedHeaders, .loweredFieldName,
            help: "A field that no response has, whoever sets or adds it."),
        .optional(
            "cors", \.corsOrigin, .origin, alone: "*",
            help: "Let scripts of another origin read responses; alone: of any origin."),
    ]

    private static let files: [Setting<Policy>] = [
        .optional(
            "cache", \.cache, .timeOrNone,
            help: "How long clients may keep files without asking again. Without it they always ask."),
        .value(
            "compress", \.compresses, .flag,
            option: .named("no-compress", help: "Do not send compressed content."),
            help: "Whether content is sent compressed to clients that accept it."),
        .value(
            "precompressed", \.usesPrecompressed, .flag,
            option: .named("no-precompressed", help: "Do not send NAME.br or NAME.gz beside NAME in place of NAME."),
            help: "Whether NAME.br and NAME.gz beside NAME are sent in place of NAME."),
        .pairs(
            "error-page", separator: "=", .errorStatus, .relativeFile,
            help: "A page to send with an error status, relative to the directory of files.",
            assign: { pairs, policy, _ in
                for (status, file, _) in pairs { policy.setErrorPage(ErrorPage(status, file)) }
            }, show: { $0.errorPages.map { ($0.status, $0.file) } }),
        .value(
            "max-content", \.contentLimit, .size(),
            help: "The most content that a request may have where content is taken; others get 413."),
    ]

    private static let access: [Setting<Policy>] = [
        .optional(
            "auth-file", \.passwordFile, .path("file"),
            help: "Ask for a user name and password from this htpasswd file: bcrypt, yescrypt, SHA-crypt, apr1 or SHA."),
        .value("realm", \.realm, .realm, help: "What a browser shows who is asked for a password."),
        .list(
            "allow", \.allowed, .network,
            help: "An address or network whose requests are answered; all others get 403. Without one, everybody's are."
        ),
        .list(
            "deny", \.denied, .network,
            help: "An address or network whose requests get 403, also where it is allowed."),
    ]

    package static let sections: [Subsection<Policy>] = [.optional("hsts", \.hsts, valueKey: "age")]

    /// Where the name was, so that what an outer level says and an inner one repeats stays as it is.
    private mutating func setHeader(_ line: FieldLine) {
        let name = line.name.lowercased()
        if let index = headers.firstIndex(where: { $0.name.lowercased() == name }) {
            headers[index] = line
        } else {
            headers.append(line)
        }
    }

    private mutating func setErrorPage(_ page: ErrorPage) {
        if let index = errorPages.firstIndex(where: { $0.status == page.status }) {
            errorPages[index] = page
        } else {
            errorPages.append(page)
        }
    }
}

extension StrictTransport: Section {
    package static let title = "hsts"
    package static let help = """
        That browsers are to use https alone (RFC 6797). It is never sent for localhost, addresses, .local and .test. A time \
        alone is the age.
        """

    package static let settings: [Setting<StrictTransport>] = [
        .value(
            "age", \.age, .timeOrNone, option: .named("hsts"),
            help: "How long browsers keep to it; 0s takes it back."),
        .value(
            "subdomains", \.coversSubdomains, .flag, option: .named("hsts-subdomains"),
            help: "Let it hold for all names beneath, too."),
        .value(
            "preload", \.preloads, .flag, option: .named("hsts-preload"),
            help: "Let browsers' makers build it in. It takes months to get out of their lists."),
    ]

    /// The least that the lists of browsers' makers take.
    private static let leastPreloadedAge = Duration.seconds(365 * 86_400)

    package static func check(_ hsts: StrictTransport, at places: Places, _ reading: inout Reading) {
        guard hsts.preloads else { return }
        if !hsts.coversSubdomains {
            reading.refuse(
                places("preload"), "preload holds for all names beneath, which subdomains does not say.",
                "Write subdomains: true, or leave preload out.")
        }
        if hsts.age < leastPreloadedAge {
            reading.refuse(places("age"), "preload needs an age of a year or more.", "Write age: 1y")
        }
    }
}

extension Subsection {
    /// The same section of what holds the part.
    func outer<Whole>(_ path: any WritableKeyPath<Whole, Part> & Sendable) -> Subsection<Whole> {
        Subsection<Whole>(face: face, outline: outline) { node, whole, reading in
            read(node, &whole[keyPath: path], &reading)
        } show: { whole, standard, detail in
            show(whole[keyPath: path], standard[keyPath: path], detail)
        }
    }
}
