import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("What password hashes say of themselves (crypt(5))")
struct PasswordHashFormTests {
    @Test(
        "Each scheme is known by its hashes",
        arguments: [
            // Of the password "xxxxxxxx", by libxcrypt 4.4 and Apache's htpasswd.
            ("$2y$08$abcdefghijklmnopqrstuuB1RKqipJ1YVts.wxy4m2B5lVyWoAPqK", .bcrypt, 15_360),
            ("$2a$04$abcdefghijklmnopqrstuuZALf8RqZyTMYJB6lbt52ANNLz3bvqBW", .bcrypt, 960),
            ("$2b$10$abcdefghijklmnopqrstuuQNKkJpNUtG7uaTe.VWjvUjcdPTchBMy", .bcrypt, 61_440),
            ("$5$rounds=5000$abcdefgh$uMBIrrZwbSvqKNccmLyjxhMl/tM9ICJg190izy7MOp4", .sha256Crypt, 3333),
            ("$5$abcdefgh$uMBIrrZwbSvqKNccmLyjxhMl/tM9ICJg190izy7MOp4", .sha256Crypt, 3333),
            (
                "$6$rounds=10000$abcdefgh$EoH0tPVf86SswGGqAtxjlFuujwlnjXx1F0Giho5zqQMyzxv3DYRk5ynJw7L6h14nS1uY.7R/"
                    + "C41flsxaATmA61", .sha512Crypt, 5555
            ),
            ("$1$abcdefgh$T65vPlPZRX8JlvNV.nBrN.", .md5Crypt, 200),
            ("$apr1$abcdefgh$T65vPlPZRX8JlvNV.nBrN.", .apache, 1000),
            ("$y$j9T$abcdefghijklmnop$LW28aOK03iH7JotOgvHlvZ6T4KDekI6Q9aWHhUsGUc/", .yescrypt, 28_835),
            ("$y$j5T$abcdefghijklmnop$6VfoLsbNCE9t7djCS5vGT28DanHa.X.rWiMQ.U2Qq7A", .yescrypt, 1802),
            ("$gy$j9T$abcdefghijklmnop$5I.DKBwYT4PG56eeZPHLUg2G5/FoDP.Vzi3g6NAIxQ9", .gostYescrypt, 28_835),
            ("$7$CU..../....abcdefghijklmnop$JeaMg4KLEHWhDaPTVRdftUpSbbUcB/QUwE94sbIQdC9", .scrypt, 173_015),
            ("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", .sha1, 1),
        ] as [(String, PasswordScheme, Int)])
    func known(hash: String, scheme: PasswordScheme, cost: Int) {
        #expect(PasswordHashForm(hash)?.scheme == scheme)
        #expect(PasswordHashForm(hash)?.cost == cost)
        for count in 1..<hash.utf8.count { #expect(PasswordHashForm(String(hash.dropLast(count))) == nil) }
        for end in [" ", "x", "$", ":"] { #expect(PasswordHashForm(hash + end) == nil) }
    }

    @Test(
        "What is no hash, or of a kind that withstands nobody, is none",
        arguments: [
            "", "plain", "open sesame", "secret123", "Correcthorse1", "abJnggxhB/yWI", "_J9..abcdefghijklmnop",
            "$3$$527bb47950cd02964e0b455b48c499ff", "{PLAIN}secret", "{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "$", "$$",
            "$2y$",
            "$2x$08$abcdefghijklmnopqrstuuB1RKqipJ1YVts.wxy4m2B5lVyWoAPqK",
            "$2y$03$abcdefghijklmnopqrstuuB1RKqipJ1YVts.wxy4m2B5lVyWoAPqK",
            "$2y$32$abcdefghijklmnopqrstuuB1RKqipJ1YVts.wxy4m2B5lVyWoAPqK",
            "$2y$8$abcdefghijklmnopqrstuuB1RKqipJ1YVts.wxy4m2B5lVyWoAPqKx",
            "$5$rounds=$abcdefgh$uMBIrrZwbSvqKNccmLyjxhMl/tM9ICJg190izy7MOp4",
            "$5$rounds=999$abcdefgh$uMBIrrZwbSvqKNccmLyjxhMl/tM9ICJg190izy7MOp4",
            "$5$rounds=99999999999$abcdefgh$uMBIrrZwbSvqKNccmLyjxhMl/tM9ICJg190izy7MOp4",
            "$5$abcdefghabcdefghx$uMBIrrZwbSvqKNccmLyjxhMl/tM9ICJg190izy7MOp4",
            "$y$zzzzzzzz$abcdefghijklmnop$LW28aOK03iH7JotOgvHlvZ6T4KDekI6Q9aWHhUsGUc/",
            "$y$$abcdefghijklmnop$LW28aOK03iH7JotOgvHlvZ6T4KDekI6Q9aWHhUsGUc/", "$y$j9T", "$7$", "$7$zzzzzzzzzzz$",
        ])
    func unknown(text: String) {
        #expect(PasswordHashForm(text) == nil)
    }

    @Test("Random text is read without harm")
    func random() {
        var random = SeededGenerator(seed: 1)
        let alphabet = [UInt8]("./059AZaz$=:jT".utf8)
        for prefix in ["$y$", "$gy$", "$7$", "$2y$", "$5$rounds=", "$6$", "{SHA}", "$apr1$"] {
            for _ in 0..<500 {
                let tail = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                }
                let form = PasswordHashForm(prefix + String(decoding: tail, as: UTF8.self))
                #expect(form.map { $0.cost >= 0 } ?? true)
            }
        }
    }
}
