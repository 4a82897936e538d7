import Synchronization

/// A large directory's listing, written a piece at a time.
final class ListingPieces: PieceSource {
    private let listing: DirectoryListing
    private let share: Allowance.Share
    private let cursor = Mutex(DirectoryListing.Cursor())

    /// A piece's rows take half a millisecond; what they are made into is kept for a client that reads slowly.
    private static let rowCount = 256
    private static let byteCount = 24 * 1024

    /// - Parameter share: the right to be under way, kept for as long as this is.
    init(_ listing: DirectoryListing, _ share: Allowance.Share) {
        self.listing = listing
        self.share = share
    }

    func next() -> ContentPiece {
        cursor.withLock { cursor in
            var piece = ContentPiece()
            piece.bytes.reserveCapacity(Self.byteCount + 4096)
            listing.write(&cursor, to: &piece.bytes, rowLimit: Self.rowCount, byteLimit: Self.byteCount)
            if cursor.hasEnded { piece.sequel = .end }
            return piece
        }
    }
}
