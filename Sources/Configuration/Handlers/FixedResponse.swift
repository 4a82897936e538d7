/// A response that is always the same.
package struct FixedResponse: Codable, Equatable, Sendable {
    package var status = 200
    package var content = ""
    package var mediaType = "text/plain; charset=utf-8"

    package init() {}
}

extension FixedResponse: Section {
    package static let title = "respond"
    package static let help = "A response that is always the same."

    package static let settings: [Setting<FixedResponse>] = [
        .value("status", \.status, .number(200...599), option: .none, help: "The status of the response."),
        .value("content", \.content, .anyText("text"), option: .none, help: "The content of the response."),
        .value("type", \.mediaType, .mediaType, option: .none, help: "The media type of the content."),
    ]

    package static func check(_ response: FixedResponse, at places: Places, _ reading: inout Reading) {
        if [204, 205, 304].contains(response.status), !response.content.isEmpty {
            reading.refuse(
                places("content"), "a response with status \(response.status) has no content.",
                "Leave the content out, or choose another status.")
        }
    }
}
