import Logging
import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX
import MartinetTLS

extension Supervisor {
    // MARK: Starting

    func start(_ index: Int) {
        restartTimes[index] = nil
        do throws(SystemError) {
            let pair = try SocketPair()
            let process = try ChildProcess(
                ChildProcess.thisExecutable, arguments: plan.arguments + ["\(index)"],
                descriptors: [pair.second.number] + plan.inheritance.numbers(forWorker: index),
                blocking: Self.orders)
            let channel = ControlChannel(pair.takeFirst(), at: .supervisor)
            let slot = WorkerSlot(process, channel)
            slots[index] = slot
            loop.watch(
                channel.descriptor, for: .read, token: Token(slot: index, generation: Self.workerGeneration))
            try channel.send(.configuration(.joined([plan.snapshot, plan.ticketKeys.encoded])))
            logger.debug("worker \(index) started as process \(slot.process.identifier)")
        } catch {
            logger.error("worker \(index) could not be started: \(error)")
            // One that cannot be told what to do is no worker.
            if let slot = slots[index] { slot.process.kill() } else { restart(index, in: policies[index].failed()) }
        }
    }

    func listen(to index: Int) {
        guard let slot = slots[index] else { return }
        let messages = (try? slot.channel.receiveAvailable()) ?? []
        if slot.channel.isBroken || messages.count > (slot.isReady ? 0 : 1) {
            logger.error("worker \(index) (process \(slot.process.identifier)) says what no worker says: ending it")
            loop.remove(slot.channel.descriptor)
            return slot.process.kill()
        }
        if messages.contains(.ready) {
            slot.readySince = .now
            announceReadiness()
        }
        // A worker that closes its end is about to exit; SIGCHLD tells when it has.
        if slot.channel.isEnded { loop.remove(slot.channel.descriptor) }
    }

    /// A worker that is not told opens what the others seal for another hour, and lets its own tickets live on for as long.
    func advanceTicketKeys() {
        do throws(TLSError) {
            guard let key = try ticketRotation.advance(.now) else { return }
            plan.ticketKeys.advance(to: key)
            for (index, slot) in slots.enumerated() {
                do throws(SystemError) {
                    try slot?.channel.send(.ticketKey(key))
                } catch {
                    logger.warning("worker \(index) could not be given a new key for session tickets: \(error)")
                }
            }
        } catch {
            logger.error("session tickets keep their key: \(error)")
        }
    }

    private func announceReadiness() {
        guard !wasReady, slots.allSatisfy({ $0?.isReady == true }) else { return }
        wasReady = true
        whenReady()
    }

    func reap() {
        reapWorkers()
        AdoptedProcesses.reap(except: workers)
    }

    private var workers: [Int] { slots.compactMap { $0?.process.identifier } }

    private func reapWorkers() {
        for (index, slot) in slots.enumerated() {
            guard let slot, let ending = slot.process.reap() else { continue }
            loop.remove(slot.channel.descriptor)
            slots[index] = nil
            // A worker that leaves by itself has ended its children.
            if case .killed = ending { AdoptedProcesses.end(except: workers) }
            if stopsAt != nil || hasFailed { continue }
            guard wasReady || slot.isReady else {
                logger.critical("worker \(index) ended with \(ending) before it was ready: giving up")
                hasFailed = true
                stop()
                continue
            }
            logger.error("worker \(index) (process \(slot.process.identifier)) ended with \(ending): replacing it")
            let now = MonotonicTime.now
            let delay = policies[index].delay(after: ending, readyFor: slot.readySince.map { now - $0 })
            if delay == .zero { start(index) } else { restart(index, in: delay) }
        }
    }

    private func restart(_ index: Int, in delay: Interval) {
        restartTimes[index] = .now + delay
    }

    func restart() {
        guard stopsAt == nil, !hasFailed else { return }
        let now = MonotonicTime.now
        for index in restartTimes.indices {
            if let time = restartTimes[index], time <= now { start(index) }
        }
    }
}
