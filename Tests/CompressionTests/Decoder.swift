import Glibc
import MartinetTestSupport
import Testing

/// The other end of an encoder, by programs that are none of ours.
enum Decoder {
    /// By gzip(1), which also checks the length and the checksum.
    static func gzip(_ encoded: [UInt8]) throws -> [UInt8] {
        let folder = try TemporaryDirectory()
        try folder.makeFile("encoded", encoded)
        // A warning, such as of bytes behind the end, is status 2.
        let command = "gzip -dc < \(folder.path("encoded")) > \(folder.path("decoded"))"
        try #require(unsafe system(command) == 0, "gzip(1) refuses it")
        return try folder.bytes("decoded")
    }

    /// By the system's libbrotlidec, which comes with the encoder; found at run time, as nothing else needs it.
    static func brotli(_ encoded: [UInt8]) throws -> [UInt8] {
        typealias Decompress =
            @convention(c) (Int, UnsafePointer<UInt8>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<UInt8>?) ->
            CInt
        let library = unsafe try #require(unsafe dlopen("libbrotlidec.so.1", RTLD_NOW))
        let symbol = unsafe try #require(unsafe dlsym(library, "BrotliDecoderDecompress"))
        let decompress = unsafe unsafeBitCast(symbol, to: Decompress.self)
        var decoded = [UInt8](repeating: 0, count: 1_000_000)
        var count = decoded.count
        let result = unsafe decompress(encoded.count, encoded, &count, &decoded)
        try #require(result == 1, "libbrotlidec refuses it")
        return [UInt8](decoded.prefix(count))
    }
}
