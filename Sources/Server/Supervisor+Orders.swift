import Logging
import MartinetEvents
import MartinetPOSIX

extension Supervisor {
    // MARK: Signals

    func readSignals() {
        while let signal = signals.next() {
            switch signal {
            case .child: reap()
            case .interrupt, .terminate:
                if stopsAt == nil {
                    logger.debug("stopping: waiting up to \(plan.drainTime) for requests in progress")
                    stop()
                } else {
                    killAll()
                }
            case .hangUp: hangUp()
            case .user1: reopenLogs()
            case .user2: logger.notice("SIGUSR2 changes nothing here")
            case .pipe: break
            }
        }
    }

    /// Where the terminal itself has gone, so has whoever would end this process. Without one at the start there is none to
    /// go: then the signal was sent by somebody.
    private func hangUp() {
        guard hadTerminal, !hasTerminal() else {
            logger.notice("SIGHUP changes nothing here: options and certificates are read again at the next start")
            return
        }
        guard stopsAt == nil else { return }
        logger.notice("the terminal has gone: waiting up to \(plan.drainTime) for requests in progress")
        stop()
    }

    private func reopenLogs() {
        guard !plan.logs.isEmpty else {
            logger.notice("SIGUSR1 changes nothing here: no log is a file that could be opened anew")
            return
        }
        for log in plan.logs {
            do throws(SystemError) {
                try reopen(log)
            } catch {
                logger.error("the log \(log.path) could not be opened anew (\(error)): its lines go where they went")
            }
        }
        let paths = Set(plan.logs.map(\.path)).sorted().joined(separator: ", ")
        logger.notice("SIGUSR1: opened anew: \(paths)")
    }

    private func reopen(_ log: LogFile) throws(SystemError) {
        let file = try log.reopen()
        for (index, slot) in slots.enumerated() {
            do throws(SystemError) {
                try slot?.channel.send(.log(log.kind, file.number))
            } catch {
                logger.error(
                    "worker \(index) could not be given the log \(log.path) (\(error)): it goes on in the old one")
            }
        }
        if log.kind == .error { try errorSink?.reopen(onto: file) }
    }

    func stop() {
        stopsAt = .now + Interval(plan.drainTime + Self.leavingTime)
        restartTimes = restartTimes.map { _ in nil }
        // Workers accept who waits already, and close theirs; whoever comes then is refused at once.
        plan.inheritance.close { $0.isListener }
        // A worker that cannot be told will not be asked: it loses its supervisor's socket soon enough.
        for slot in slots { try? slot?.channel.send(.drain) }
    }

    func enforceStop() {
        guard let stopsAt, stopsAt <= .now else { return }
        let time = plan.drainTime + Self.leavingTime
        logger.warning("some workers had not left \(time) after they were told to: ending them")
        killAll()
    }

    private func killAll() {
        for slot in slots { slot?.process.kill() }
        stopsAt = .distantFuture
    }
}
