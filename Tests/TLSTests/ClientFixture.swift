import MartinetPOSIX
import MartinetTLS

/// Certificates whose fields are known in advance, made by openssl(1) and by nothing that is tested here.
///
/// Where nothing else is said, they are valid from 2026 to 2126.
enum ClientFixture {
    /// An authority: CN=Root.
    case root
    /// An authority below it: CN=Intermediate.
    case intermediate
    /// For clients, from the root.
    case zoe
    /// For clients, from the intermediate, with a line feed in its name.
    case deep
    /// For clients, from the root, until 2021.
    case expired
    /// For clients, from the root, from 2120.
    case early
    /// For servers alone, from the root.
    case server
    /// For clients, from another root that has the same name.
    case forged

    /// The subject of `zoe` as `openssl x509 -nameopt RFC2253` shows it.
    static let zoeSubject = #"CN=Second,CN=Zo\C3\AB,O=Example\, Inc."#

    /// What a client shows, its own certificate first; nil for none. All of them have one key.
    static func identity(_ chain: [ClientFixture]) -> TLSConfiguration.Identity? {
        guard !chain.isEmpty else { return nil }
        return TLSConfiguration.Identity(source: "client.pem", chain: text(chain), key: SecretBytes(key.utf8))
    }

    static func text(_ certificates: [ClientFixture]) -> [UInt8] {
        certificates.flatMap { [UInt8]($0.text.utf8) }
    }

    private var text: String {
        switch self {
        case .root:
            """
            -----BEGIN CERTIFICATE-----
            MIIBdDCCARugAwIBAgIBATAKBggqhkjOPQQDAjAhMRAwDgYDVQQKDAdFeGFtcGxl
            MQ0wCwYDVQQDDARSb290MCAXDTI2MTEwMTAwMDAwMFoYDzIxMjYxMTAxMDAwMDAw
            WjAhMRAwDgYDVQQKDAdFeGFtcGxlMQ0wCwYDVQQDDARSb290MFkwEwYHKoZIzj0C
            AQYIKoZIzj0DAQcDQgAE1RmeYClgV+euFcCEnNkN1e8Qpi/pDFjw8iizVbMIIxm6
            uNfwTzg8g+yE1MeTJM6D4coRgHm+51tAPu47ySpm/6NCMEAwDwYDVR0TAQH/BAUw
            AwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFGiWQj00UxkaI4/zJivZENPX
            1nwPMAoGCCqGSM49BAMCA0cAMEQCIBUrLYv+dcCr2hKOyp2CtB+BW31wcUSww4a0
            +FcvP/3jAiA1kkLE8GXzPlqlbA9HXcBjlMo1R4hdF3cMUQ9Xw9L6og==
            -----END CERTIFICATE-----

            """
        case .intermediate:
            """
            -----BEGIN CERTIFICATE-----
            MIIBnjCCAUSgAwIBAgIBAjAKBggqhkjOPQQDAjAhMRAwDgYDVQQKDAdFeGFtcGxl
            MQ0wCwYDVQQDDARSb290MCAXDTI2MTEwMTAwMDAwMFoYDzIxMjYxMTAxMDAwMDAw
            WjApMRAwDgYDVQQKDAdFeGFtcGxlMRUwEwYDVQQDDAxJbnRlcm1lZGlhdGUwWTAT
            BgcqhkjOPQIBBggqhkjOPQMBBwNCAAThT71Pd4XV9UKilr0rUf4GaNLypQyVWgVw
            4NXY3xXhpmTnPDi4b8QEbFnUoSSyEMGtvmXR49Q02I4fXa4d19DKo2MwYTAPBgNV
            HRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUhUhwIiVGu0sr
            Nre6KiLNhSKnvpwwHwYDVR0jBBgwFoAUaJZCPTRTGRojj/MmK9kQ09fWfA8wCgYI
            KoZIzj0EAwIDSAAwRQIgeZKqcoHbmV39XsYfZhevWqIMS2/XQy7HhrILkH2iH2EC
            IQDv7VkzuqAKRi6tf1FV+qOHloRkB3FFY0PbOLdOaj6TbQ==
            -----END CERTIFICATE-----

            """
        case .zoe:
            """
            -----BEGIN CERTIFICATE-----
            MIIBpjCCAUygAwIBAgIGCvADwP/uMAoGCCqGSM49BAMCMCExEDAOBgNVBAoMB0V4
            YW1wbGUxDTALBgNVBAMMBFJvb3QwIBcNMjYxMTAyMDMwNDA1WhgPMjEyNjEyMzEy
            MzU5NTlaMDgxFjAUBgNVBAoMDUV4YW1wbGUsIEluYy4xDTALBgNVBAMMBFpvw6sx
            DzANBgNVBAMMBlNlY29uZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBaaOtgZ
            OERJ7MoiSlm6Nt907SV0sJdVU39BiEHF1RIypD90lt01H3EIDGVR5z0IBqawk/3H
            oSaYGXts5GF+BZOjVzBVMBMGA1UdJQQMMAoGCCsGAQUFBwMCMB0GA1UdDgQWBBQz
            cazNnkXjK8HJ7rcNURRXMuiw9jAfBgNVHSMEGDAWgBRolkI9NFMZGiOP8yYr2RDT
            19Z8DzAKBggqhkjOPQQDAgNIADBFAiAvMi5Yg9nlFObGDRjpxmuptUkkNabHKAR+
            5oHFHJWS4QIhAOmVtKSw0Ayr2BFrK31KiKcjXv0NxD0qs9Uxa0iY/myJ
            -----END CERTIFICATE-----

            """
        case .deep:
            """
            -----BEGIN CERTIFICATE-----
            MIIBhjCCASygAwIBAgIBBDAKBggqhkjOPQQDAjApMRAwDgYDVQQKDAdFeGFtcGxl
            MRUwEwYDVQQDDAxJbnRlcm1lZGlhdGUwIBcNMjYxMTAxMDAwMDAwWhgPMjEyNjEx
            MDEwMDAwMDBaMBUxEzARBgNVBAMMCmxpbmUKYnJlYWswWTATBgcqhkjOPQIBBggq
            hkjOPQMBBwNCAAQWmjrYGThESezKIkpZujbfdO0ldLCXVVN/QYhBxdUSMqQ/dJbd
            NR9xCAxlUec9CAamsJP9x6EmmBl7bORhfgWTo1cwVTATBgNVHSUEDDAKBggrBgEF
            BQcDAjAdBgNVHQ4EFgQUM3GszZ5F4yvBye63DVEUVzLosPYwHwYDVR0jBBgwFoAU
            hUhwIiVGu0srNre6KiLNhSKnvpwwCgYIKoZIzj0EAwIDSAAwRQIhANTIDt6nT5qv
            Nc60UeJla9tgd8SzrDPNLhxiSyQ591WWAiAWI+ChDRk8bJuTkTTjVuQJ1WWkZ9B6
            ANtuJRiMVNNhTA==
            -----END CERTIFICATE-----

            """
        case .expired:
            """
            -----BEGIN CERTIFICATE-----
            MIIBdTCCARugAwIBAgIBBTAKBggqhkjOPQQDAjAhMRAwDgYDVQQKDAdFeGFtcGxl
            MQ0wCwYDVQQDDARSb290MB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFow
            DjEMMAoGA1UEAwwDT2xkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFpo62Bk4
            REnsyiJKWbo233TtJXSwl1VTf0GIQcXVEjKkP3SW3TUfcQgMZVHnPQgGprCT/ceh
            JpgZe2zkYX4Fk6NXMFUwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0OBBYEFDNx
            rM2eReMrwcnutw1RFFcy6LD2MB8GA1UdIwQYMBaAFGiWQj00UxkaI4/zJivZENPX
            1nwPMAoGCCqGSM49BAMCA0gAMEUCIDumN9Gy6sqZtaNEbEZxuPEW91xr9AY3ZCJ0
            iAib3LoqAiEAsZi/3+YhmANh5mFx7HVSuT3trXjbFPz9gv2RuzRiPBY=
            -----END CERTIFICATE-----

            """
        case .early:
            """
            -----BEGIN CERTIFICATE-----
            MIIBezCCASGgAwIBAgIBBjAKBggqhkjOPQQDAjAhMRAwDgYDVQQKDAdFeGFtcGxl
            MQ0wCwYDVQQDDARSb290MCIYDzIxMjAwMTAxMDAwMDAwWhgPMjEyNTAxMDEwMDAw
            MDBaMBAxDjAMBgNVBAMMBUVhcmx5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
            Fpo62Bk4REnsyiJKWbo233TtJXSwl1VTf0GIQcXVEjKkP3SW3TUfcQgMZVHnPQgG
            prCT/cehJpgZe2zkYX4Fk6NXMFUwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0O
            BBYEFDNxrM2eReMrwcnutw1RFFcy6LD2MB8GA1UdIwQYMBaAFGiWQj00UxkaI4/z
            JivZENPX1nwPMAoGCCqGSM49BAMCA0gAMEUCIQC9cAmhtVXq3aFnOxoCSnnBiUDu
            oiUTIGsBTBjbWPpjoAIgGyC0l1/B+giAncmP1G5PY+6jO966r3TXR8wUMrEfLY8=
            -----END CERTIFICATE-----

            """
        case .server:
            """
            -----BEGIN CERTIFICATE-----
            MIIBezCCASCgAwIBAgIBBzAKBggqhkjOPQQDAjAhMRAwDgYDVQQKDAdFeGFtcGxl
            MQ0wCwYDVQQDDARSb290MCAXDTI2MTEwMTAwMDAwMFoYDzIxMjYxMTAxMDAwMDAw
            WjARMQ8wDQYDVQQDDAZTZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQW
            mjrYGThESezKIkpZujbfdO0ldLCXVVN/QYhBxdUSMqQ/dJbdNR9xCAxlUec9CAam
            sJP9x6EmmBl7bORhfgWTo1cwVTATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4E
            FgQUM3GszZ5F4yvBye63DVEUVzLosPYwHwYDVR0jBBgwFoAUaJZCPTRTGRojj/Mm
            K9kQ09fWfA8wCgYIKoZIzj0EAwIDSQAwRgIhAJSB589Jvc1xtZYisdOhWSuBBWFt
            41L0KIKNdH8ksr8iAiEAgnm9YKAa5jng8yuMAja8puWtaHjy4rf+4LEg1d+vnGU=
            -----END CERTIFICATE-----

            """
        case .forged:
            """
            -----BEGIN CERTIFICATE-----
            MIIBlTCCATugAwIBAgIGCvADwP/uMAoGCCqGSM49BAMCMCExEDAOBgNVBAoMB0V4
            YW1wbGUxDTALBgNVBAMMBFJvb3QwIBcNMjYxMTAxMDAwMDAwWhgPMjEyNjExMDEw
            MDAwMDBaMCcxFjAUBgNVBAoMDUV4YW1wbGUsIEluYy4xDTALBgNVBAMMBFpvw6sw
            WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQWmjrYGThESezKIkpZujbfdO0ldLCX
            VVN/QYhBxdUSMqQ/dJbdNR9xCAxlUec9CAamsJP9x6EmmBl7bORhfgWTo1cwVTAT
            BgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQUM3GszZ5F4yvBye63DVEUVzLo
            sPYwHwYDVR0jBBgwFoAUagqBnsM6LogrPSt72gCM7XpGLo4wCgYIKoZIzj0EAwID
            SAAwRQIhAPsfOwtFzA/cr5h7ps5S3HtJwAkcmv0XK+Dtnr78rEeNAiBDrV9pqFql
            5A+CorR7rnKRfWMgEDEPM4E3RH5hSQbrNQ==
            -----END CERTIFICATE-----

            """
        }
    }

    /// Of use to nobody: it was made for this file.
    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1BlEiAL0B4BaEmIe
        ZZWesOtX9buyKJeHqvQtxWdstkOhRANCAAQWmjrYGThESezKIkpZujbfdO0ldLCX
        VVN/QYhBxdUSMqQ/dJbdNR9xCAxlUec9CAamsJP9x6EmmBl7bORhfgWT
        -----END PRIVATE KEY-----

        """
}
