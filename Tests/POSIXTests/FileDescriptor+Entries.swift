import MartinetPOSIX

extension FileDescriptor {
    /// The entries of the directory that this descriptor is open on, as a listing finds them: the status of a symbolic link is
    /// its target's, and one that leads nowhere is left out.
    func entries() throws(SystemError) -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        try forEachName { name, _ in
            if let status = status(ofEntry: name) {
                entries.append(DirectoryEntry(name: (0..<name.count - 1).map { name[$0] }, status: status))
            }
            return true
        }
        return entries
    }
}
