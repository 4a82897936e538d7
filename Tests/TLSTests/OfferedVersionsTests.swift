import Testing

@testable import MartinetTLS

@Suite("The versions that a hello offers (RFC 8446 §4.2.1)")
struct OfferedVersionsTests {
    @Test(
        "What an extension lists is named from the newest on, without what nobody knows, however it is cut",
        arguments: [
            ([4, 3, 3, 3, 4], "TLSv1.3 TLSv1.2"), ([6, 0x1A, 0x1A, 3, 4, 0x7F, 0x1C], "TLSv1.3"),
            ([4, 3, 1, 3, 0], "TLSv1 SSLv3"), ([3, 3, 4, 3], "TLSv1.3"), ([2, 9, 9], ""), ([0], ""), ([], ""),
        ] as [([UInt8], String)])
    func list(bytes: [UInt8], expected: String) {
        #expect(OfferedVersions(extensionData: bytes.span).description == expected)
    }

    @Test("A hello without a list offers all versions up to its own", arguments: [0x0303, 0x0302, 0x0901] as [UInt16])
    func highest(version: UInt16) {
        let names: [UInt16: String] = [0x0303: "up to TLSv1.2", 0x0302: "up to TLSv1.1"]
        #expect(OfferedVersions(highest: version).description == names[version] ?? "")
    }
}
