import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// A worker's end of the line to its supervisor, as a member of the worker's loop.
final class SupervisorLine: LoopMember {
    private let channel: ControlChannel
    private let inbox: Inbox<Worker.Message>
    private let whenGone: () -> Void
    private var place: LoopPlace?

    /// - Parameters:
    ///   - inbox: takes what the supervisor says.
    ///   - whenGone: called when the supervisor has ended the line, or has died.
    init(_ channel: ControlChannel, _ inbox: Inbox<Worker.Message>, whenGone: @escaping () -> Void) {
        self.channel = channel
        self.inbox = inbox
        self.whenGone = whenGone
    }

    func join(_ place: LoopPlace) {
        self.place = place
        place.watch(channel.descriptor, for: .read)
        // What came in one piece with the configuration: the descriptor is not readable for it.
        for message in channel.takeReceived() { pass(message) }
    }

    func handle(_ event: LoopEvent) {
        guard case .ready = event else { return }
        // A line that cannot be read has ended.
        let messages = try? channel.receiveAvailable()
        for message in messages ?? [] { pass(message) }
        guard messages == nil || channel.isEnded else { return }
        place?.forget(channel.descriptor)
        whenGone()
    }

    let isBusy = false

    private func pass(_ message: ControlChannel.Message) {
        switch message {
        case .drain: _ = inbox.send(.drain(within: nil))
        case .ticketKey(let key): _ = inbox.send(.ticketKey(key))
        case .log(let kind, let number): if !inbox.send(.log(kind, number)) { _ = FileDescriptor(owning: number) }
        case .configuration, .ready: break
        }
    }
}
