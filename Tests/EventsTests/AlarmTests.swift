import MartinetEvents
import Testing

@Suite("A deadline that may move")
struct AlarmTests {
    private func time(_ nanoseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }

    @Test("It is armed once, and due when its time is over")
    func due() {
        var alarm = Alarm()
        #expect(alarm.set(time(10)) == time(10))
        #expect(alarm.set(time(10)) == nil, "the queue has it")
        #expect(alarm.take(time(10), now: time(10)) == .due)
        #expect(alarm.time == .distantFuture)
        #expect(alarm.take(time(10), now: time(11)) == .stale, "it was due once")
    }

    @Test("Moved forwards, its entry is used again when it comes up")
    func forwards() {
        var alarm = Alarm()
        _ = alarm.set(time(10))
        #expect(alarm.set(time(20)) == nil && alarm.set(time(30)) == nil)
        #expect(alarm.take(time(10), now: time(12)) == .moved(time(30)))
        #expect(alarm.take(time(30), now: time(30)) == .due)
    }

    @Test("Moved backwards, it is armed anew, and the later entry says nothing")
    func backwards() {
        var alarm = Alarm()
        _ = alarm.set(time(30))
        #expect(alarm.set(time(10)) == time(10))
        #expect(alarm.take(time(10), now: time(10)) == .due)
        #expect(alarm.take(time(30), now: time(30)) == .stale)
    }

    @Test("Taken back, it never comes, and may be set again")
    func takenBack() {
        var alarm = Alarm()
        _ = alarm.set(time(10))
        #expect(alarm.set(.distantFuture) == nil)
        #expect(alarm.take(time(10), now: time(10)) == .stale)
        #expect(alarm.set(time(20)) == time(20))
    }

    @Test("An entry that comes up early is armed for the rest")
    func early() {
        var alarm = Alarm()
        _ = alarm.set(time(10))
        #expect(alarm.take(time(10), now: time(9)) == .moved(time(10)))
    }
}
