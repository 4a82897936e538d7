import MartinetPOSIX
import MartinetTLS

/// A certificate whose fields are known in advance, made by openssl(1) and by nothing that is tested here.
enum Fixture {
    /// 2026-11-22 21:13:50 UTC.
    static let notBefore = 1_795_382_030
    /// Thirty days later.
    static let notAfter = notBefore + 30 * 86_400
    /// As `openssl x509 -fingerprint -sha256` shows it.
    static let fingerprint = """
        AA:06:6B:29:E9:2F:79:47:94:B8:7D:17:9B:CF:C3:5E:DB:F7:72:00:77:E5:D2:7B:1F:FA:D1:DF:B5:3A:17:4F
        """
    /// In the order of the certificate, without the mail address that it also names.
    static let names = ["example.org", "*.example.org", "192.0.2.7", "2001:db8::7"]

    static var identity: TLSConfiguration.Identity {
        TLSConfiguration.Identity(source: "fixture.pem", chain: [UInt8](chain.utf8), key: SecretBytes(key.utf8))
    }

    static let chain = """
        -----BEGIN CERTIFICATE-----
        MIIByDCCAW+gAwIBAgIUKZk7f03KhRKvk4BUN1Hd/YXwnQIwCgYIKoZIzj0EAwIw
        EjEQMA4GA1UEAwwHZml4dHVyZTAeFw0yNjExMjIyMTEzNTBaFw0yNjEyMjIyMTEz
        NTBaMBIxEDAOBgNVBAMMB2ZpeHR1cmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
        AASBB/fza3L4OYzMHqgkMZYWfIIMQByAo8/7XBPvr528D/vkoP61sOUsKlXI//pV
        +9eQGhXhjDzdOnqDUA50mp2Ro4GiMIGfMB0GA1UdDgQWBBQG8ZGZ/90S2CtbMbnz
        Xtad9eO+XDAfBgNVHSMEGDAWgBQG8ZGZ/90S2CtbMbnzXtad9eO+XDAPBgNVHRMB
        Af8EBTADAQH/MEwGA1UdEQRFMEOCC2V4YW1wbGUub3Jngg0qLmV4YW1wbGUub3Jn
        hwTAAAIHhxAgAQ24AAAAAAAAAAAAAAAHgQ1hQGV4YW1wbGUub3JnMAoGCCqGSM49
        BAMCA0cAMEQCIE2JGtgai223f6auCDz/kXvLa75Bnx8nlCD1rotG6v5UAiAGeJIx
        ezHqtjzU6mTbgwOSZLdJXRrJA+0s9VhBJ9qh/A==
        -----END CERTIFICATE-----

        """
    /// Of use to nobody: it was made for this file.
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglqwqrSt4uFFi1qVC
        +KgPF8QhkApjBEyXZ/mrCs+3+P6hRANCAASBB/fza3L4OYzMHqgkMZYWfIIMQByA
        o8/7XBPvr528D/vkoP61sOUsKlXI//pV+9eQGhXhjDzdOnqDUA50mp2R
        -----END PRIVATE KEY-----

        """
    /// The same key, encrypted with the passphrase "secret".
    static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjUxcePKa9BiwICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFACh1icJIixxMJCkPeG0DkEgZBH
        +ai37xmigd+Hw4OIUSyLMzFsyzzG9KejDcT80qb/izSwsB1iHfYIOo4LwAdcfu+H
        hvSMHdwzvxODPvsOWZWBGfsaOH/GjjCWtBbh7ExVem67ZLB9JZkxDNepRXTAXqqy
        jDLDTTxqgpWz+4WpMhnVNvkQMux+Q0B++6RcOe92xavF25kbIvy+ICAIKx6gc4M=
        -----END ENCRYPTED PRIVATE KEY-----

        """
}
