import MartinetHTTP

extension EntityTag {
    init?(_ text: String) {
        let bytes = [UInt8](text.utf8)
        self.init(bytes.span)
    }
}
