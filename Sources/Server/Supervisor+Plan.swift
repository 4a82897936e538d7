package import MartinetPOSIX
package import MartinetTLS

extension Supervisor {
    /// What every worker is started with, and how it is told to leave.
    package struct Plan: ~Copyable {
        /// Arguments for this executable that make it a worker; the worker's place is added as the last.
        package var arguments: [String]
        /// Sent to each worker as its configuration.
        package var snapshot: SecretBytes
        /// Sent behind it: what session tickets are sealed with. They change with time, for all workers at once.
        package var ticketKeys: TicketKeys
        /// The descriptors that they inherit.
        package var inheritance: Inheritance
        /// The logs that are opened anew when that is asked for.
        package var logs: [LogFile]
        /// How long workers may take to finish what is in progress when they are told to stop.
        package var drainTime: Duration

        package init(
            arguments: [String], snapshot: SecretBytes, ticketKeys: TicketKeys, inheritance: consuming Inheritance,
            logs: [LogFile] = [], drainTime: Duration
        ) {
            self.arguments = arguments
            self.snapshot = snapshot
            self.ticketKeys = ticketKeys
            self.inheritance = inheritance
            self.logs = logs
            self.drainTime = drainTime
        }
    }
}
