import MartinetPOSIX
import MartinetTLS

extension AuthorityFolder {
    /// Where the user's authorities are kept.
    ///
    /// - Parameter alternative: another way out than setting a variable, with a comma and "or" before it.
    static func requirePlace(alternative: String = "") throws -> String {
        guard let place else {
            throw ConfigurationError(
                place: "HOME", problem: "It is not set, so there is no place for the development authority.",
                wayOut: "Set HOME or XDG_DATA_HOME\(alternative).")
        }
        return place
    }

    /// Does something with the user's authorities while nobody else changes them.
    ///
    /// - Parameter alternative: another way out than keeping them elsewhere, with a comma and "or" before it.
    static func use<Result>(
        alternative: String = "", _ body: (inout AuthorityFolder) throws -> Result
    ) throws -> Result {
        let place = try requirePlace(alternative: alternative)
        do {
            var folder = try AuthorityFolder(at: place)
            return try body(&folder)
        } catch let error as SystemError {
            throw ConfigurationError(
                place: place, problem: error.description,
                wayOut: "The development authority is kept there. Make it writable, or set XDG_DATA_HOME to another "
                    + "folder\(alternative).")
        } catch let error as TLSError {
            throw ConfigurationError(
                place: place, problem: error.description,
                wayOut: "Remove the files there, and they are made anew; clients must then trust the new authority.")
        }
    }
}
