import CMartinetLinux
import Glibc

/// An address of one of this machine's network interfaces that is up; its port is 0.
package struct InterfaceAddress: Equatable, Sendable {
    /// The interface's name: "wlan0".
    package let interface: String
    package let address: SocketAddress

    package init(interface: String, address: SocketAddress) {
        self.interface = interface
        self.address = address
    }

    /// Those of all interfaces, in the kernel's order (getifaddrs(3)).
    package static func all() throws(SystemError) -> [InterfaceAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { throw SystemError("getifaddrs") }
        defer { unsafe freeifaddrs(list) }
        var found: [InterfaceAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = unsafe entry.pointee.ifa_next
            guard unsafe entry.pointee.ifa_flags & UInt32(IFF_UP) != 0,
                let raw = unsafe entry.pointee.ifa_addr, let name = unsafe entry.pointee.ifa_name,
                let address = unsafe SocketAddress(raw)
            else { continue }
            found.append(
                InterfaceAddress(interface: unsafe String(cString: name), address: address.with(port: 0)))
        }
        return found
    }
}

extension SocketAddress {
    /// The address of this machine that packets to another one would come from, by the kernel's routes; nil where none leads
    /// there. Nothing is sent.
    package var source: SocketAddress? {
        let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = socket(isIPv6 ? AF_INET6 : AF_INET, type, 0)
        guard number >= 0 else { return nil }
        let descriptor = FileDescriptor(owning: number)
        guard unsafe withRaw({ raw, length in unsafe connect(descriptor.number, raw, length) }) == 0 else { return nil }
        return unsafe SocketAddress.reading { unsafe getsockname(descriptor.number, $0, $1) }.address?.with(port: 0)
    }
}
