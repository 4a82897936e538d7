/// Random numbers that are the same in every run (xorshift64*).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// - Parameter seed: other numbers for each; not 0.
    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// So many bytes, which no encoder makes fewer.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
    }

    /// Less than twelve pieces of what a field's value is made of, with any bytes in between.
    package mutating func value(of pieces: [String]) -> [UInt8] {
        var value: [UInt8] = []
        for _ in 0..<Int.random(in: 0..<12, using: &self) {
            if Int.random(in: 0..<8, using: &self) == 0 {
                value += bytes(1)
            } else {
                value += [UInt8](pieces[Int.random(in: pieces.indices, using: &self)].utf8)
            }
        }
        return value
    }
}
