import MartinetEvents
import Synchronization

/// Messages to a loop's thread from any other, in the order in which they were sent.
package final class Inbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        /// Nil before the inbox has joined a loop.
        var waker: Waker?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: how many messages may wait.
    package init(limit: Int) {
        self.limit = limit
    }

    /// From any thread: has the loop's owner take the message soon.
    ///
    /// - Returns: false where so many wait that it was not taken.
    package func send(_ message: Message) -> Bool {
        let (isTaken, waker) = state.withLock { state -> (Bool, Waker?) in
            guard state.messages.count < limit else { return (false, nil) }
            state.messages.append(message)
            return (true, state.messages.count == 1 ? state.waker : nil)
        }
        waker?.wake()
        return isTaken
    }

    fileprivate func begin(_ waker: Waker) {
        let isWaiting = state.withLock { state in
            state.waker = waker
            return !state.messages.isEmpty
        }
        if isWaiting { waker.wake() }
    }

    fileprivate func take() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }
}

/// An inbox's place in the loop whose thread takes its messages.
package final class InboxReader<Message: Sendable>: LoopMember {
    private let inbox: Inbox<Message>
    private let receive: (Message) -> Void

    /// - Parameter receive: takes a message, on the loop's thread.
    package init(_ inbox: Inbox<Message>, receive: @escaping (Message) -> Void) {
        self.inbox = inbox
        self.receive = receive
    }

    package func join(_ place: LoopPlace) { inbox.begin(place.waker) }

    package func handle(_ event: LoopEvent) {
        guard case .woken = event else { return }
        for message in inbox.take() { receive(message) }
    }

    package let isBusy = false
}
