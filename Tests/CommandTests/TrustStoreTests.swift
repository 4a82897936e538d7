import Testing

@testable import MartinetCommand

@Suite("Stores of trusted authorities")
struct TrustStoreTests {
    @Test("certutil's list is read, whatever names are in it")
    func certutil() {
        let text = """

            Certificate Nickname                                         Trust Attributes
                                                                         SSL,S/MIME,JAR/XPI

            martinet-0c86c3e2da406964                                    C,,\("  ")
            Some CA, with blanks                                         CT,C,C
            my key                                                       u,u,u
            intermediate                                                 ,,\("   ")
            """
        #expect(
            NSSTrustStore.entries(text) == [
                .init(nickname: "martinet-0c86c3e2da406964", isAuthority: true),
                .init(nickname: "Some CA, with blanks", isAuthority: true),
                .init(nickname: "my key", isAuthority: false), .init(nickname: "intermediate", isAuthority: false),
            ])
        #expect(NSSTrustStore.entries("") == [])
    }

    @Test("keytool's list is read")
    func keytool() {
        let text = """
            Warning: use -cacerts option to access cacerts keystore
            Keystore type: JKS

            Your keystore contains 2 entries

            debian:some_ca.pem, Nov 25, 2026, trustedCertEntry,\(" ")
            Certificate fingerprint (SHA-256): CE:CD
            key, Nov 25, 2026, PrivateKeyEntry,\(" ")
            Certificate fingerprint (SHA-256): 12:34
            martinet-0c86c3e2da406964, Nov 25, 2026, trustedCertEntry,\(" ")
            Certificate fingerprint (SHA-256): 62:10
            """
        #expect(
            JavaTrustStore.entries(text) == [
                .init(alias: "debian:some_ca.pem", fingerprint: "CE:CD"),
                .init(alias: "martinet-0c86c3e2da406964", fingerprint: "62:10"),
            ])
    }

    @Test("What the system's hook made of the file for it is its own in Java's store, and what others made is not")
    func javaEntries() {
        let anchor = TrustAnchor(formerly: "0C:86:C3:E2:DA:40:69:64:18:48:36:1C")
        let fingerprint = anchor.fingerprint
        func state(_ alias: String, _ fingerprint: String) -> TrustState {
            JavaTrustStore.state(of: anchor, in: [.init(alias: alias, fingerprint: fingerprint)])
        }
        let own = TrustState(isTrusted: true, isOwn: true)
        #expect(state("martinet-0c86c3e2da406964", fingerprint) == own)
        #expect(state("debian:martinet-0c86c3e2da406964.pem", fingerprint) == own)
        #expect(state("debian:mine.pem", fingerprint) == TrustState(isTrusted: true, isOwn: false))
        #expect(state("debian:martinet-0000000000000000.pem", "CE:CD") == TrustState())
    }

    @Test("The record is read as it was written, and what is none is passed over")
    func record() {
        var record = TrustRecord()
        record.states = ["AB:CD": .trusted, "12:34": .asked]
        #expect(record.text == "12:34 asked\nAB:CD trusted\n")
        #expect(TrustRecord(text: record.text) == record)
        #expect(TrustRecord(text: "AB:CD\nAB trusted or not\n\nAB:CD maybe\n").states.isEmpty)
    }

    @Test("Names in stores are made of the fingerprint")
    func nickname() {
        let anchor = TrustAnchor(formerly: "0C:86:C3:E2:DA:40:69:64:18:48:36:1C")
        #expect(anchor.nickname == "martinet-0c86c3e2da406964")
        #expect(!anchor.isAmong(["", "a"]))
    }
}
