extension Optional where Wrapped: ~Copyable {
    /// What `body` makes of the value, which stays where it is; nil where there is none. (Reading through `?.` would move a
    /// value that cannot be copied.)
    @inline(__always)
    func borrowed<Result>(_ body: (borrowing Wrapped) -> Result) -> Result? {
        switch self {
        case .some(let value): body(value)
        case .none: nil
        }
    }
}
