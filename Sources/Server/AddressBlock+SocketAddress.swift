import MartinetHTTP
import MartinetPOSIX

extension AddressBlock {
    init(_ address: SocketAddress) {
        switch address.network {
        case .v4(let address): self.init(v4: address)
        case .v6(let prefix): self.init(v6Prefix: prefix, isLoopback: address.isLoopback)
        }
    }
}
