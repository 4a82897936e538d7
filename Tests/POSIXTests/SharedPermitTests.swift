import MartinetPOSIX
import Testing

@Suite("A permit that processes share")
struct SharedPermitTests {
    @Test("Of all who share it one has it, until it is given back")
    func taking() throws {
        let permit = try SharedPermit()
        let other = SharedPermit(inheriting: try FileDescriptor.duplicate(permit.descriptor))
        #expect(permit.isFree && other.isFree)
        #expect(other.take())
        #expect(!permit.isFree && !other.isFree)
        #expect(!permit.take() && !other.take())
        permit.giveBack()
        #expect(other.isFree)
        #expect(permit.take())
        #expect(!other.take())
    }
}
