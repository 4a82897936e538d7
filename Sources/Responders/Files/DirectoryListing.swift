import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// A directory's contents for a person or a program: directories first, then in the order asked for. Sizes and times are
/// those of the moment in which an entry is written.
struct DirectoryListing: Sendable {
    /// How far it is written.
    struct Cursor: Sendable {
        fileprivate var position = 0
        fileprivate var hasBegun = false
        fileprivate var hasRows = false
        fileprivate(set) var hasEnded = false
    }

    /// How an entry is written.
    enum Form: Sendable {
        case page, json
    }

    /// Which of its listings a directory's is.
    struct Description: Equatable, Sendable {
        /// The directory's, beneath the root, decoded, without slashes at its ends.
        var path: [UInt8] = []
        var order = ListingOrder()
        var form = Form.page
    }

    private let directory: OpenFile
    private let names: DirectoryNames
    private let order: ListingOrder
    private let arrangement: DirectoryArrangement?
    private let page: ListingPage
    private let form: Form
    private let isVisible: @Sendable (DirectoryEntry) -> Bool

    /// - Parameters:
    ///   - arrangement: where the order is not that of the names.
    ///   - isVisible: whether an entry is for clients.
    init(
        of directory: OpenFile, _ names: DirectoryNames, arrangement: DirectoryArrangement? = nil,
        as description: Description, isVisible: @escaping @Sendable (DirectoryEntry) -> Bool = { _ in true }
    ) {
        self.isVisible = isVisible
        self.directory = directory
        self.names = names
        order = description.order
        self.arrangement = arrangement
        form = description.form
        page = ListingPage(path: description.path, order: description.order)
    }

    /// All of it.
    var whole: [UInt8] {
        var content: [UInt8] = []
        var cursor = Cursor()
        while !cursor.hasEnded { write(&cursor, to: &content, rowLimit: .max, byteLimit: .max) }
        return content
    }

    /// Writes on from where the cursor stands.
    func write(_ cursor: inout Cursor, to content: inout [UInt8], rowLimit: Int, byteLimit: Int) {
        if !cursor.hasBegun {
            cursor.hasBegun = true
            switch form {
            case .page: page.appendOpening(to: &content)
            case .json: content.append("[")
            }
        }
        var rowCount = 0
        while cursor.position < names.count, rowCount < rowLimit, content.count < byteLimit {
            let entry = names.entry(index(at: cursor.position), of: directory)
            if let entry, entry.status.kind != .other, isVisible(entry) {
                append(entry, isFirst: !cursor.hasRows, to: &content)
                cursor.hasRows = true
            }
            cursor.position += 1
            rowCount += 1
        }
        guard cursor.position == names.count else { return }
        cursor.hasEnded = true
        switch form {
        case .page: page.appendEnd(isEmpty: !cursor.hasRows, to: &content)
        case .json: content.append("]\n")
        }
    }

    private func append(_ entry: DirectoryEntry, isFirst: Bool, to content: inout [UInt8]) {
        switch form {
        case .page: ListingPage.append(entry, to: &content)
        case .json:
            if !isFirst { content.append(",\n") }
            ListingJSON.append(entry, to: &content)
        }
    }

    /// The number in `names` of the entry at a position of the listing.
    private func index(at position: Int) -> Int {
        let directoryCount = names.directoryCount
        let place =
            if !order.isDescending {
                position
            } else if position < directoryCount {
                directoryCount - 1 - position
            } else {
                names.count - 1 - (position - directoryCount)
            }
        return arrangement?[place] ?? place
    }
}
