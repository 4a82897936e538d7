import MartinetTLS

extension CertificateReport {
    /// What clients will not like in a file, each with the command that mends it.
    func faults(_ index: Int) -> [String] {
        let file = files[index]
        let path = file.path
        let certificates = file.contents.certificates
        var faults: [String] = []
        if let first = certificates.first {
            let key = keyPath(of: first) ?? "KEY"
            let advice = CredentialAdvice(option: "", path: path, file: file.contents.file)
            faults += [Identities.validityWarning(first, path, key, now)].compactMap(\.self)
            if !first.isAuthority {
                if first.isForServers, !first.isForClients || first.names.isEmpty && first.commonName.contains(".") {
                    faults += [Identities.nameWarning(first, path, key)].compactMap(\.self)
                }
                if let chain = try? Certificate.chain(of: certificates) {
                    faults += [Identities.chainWarning(chain, path, now)].compactMap(\.self)
                }
            }
            for (number, certificate) in certificates.enumerated() {
                if let weakness = certificate.weakness {
                    let error = advice.weak(weakness, key: key)
                    let which = certificates.count > 1 ? "of certificate \(number + 1): " : ""
                    faults.append("\(which)\(error.problem) \(error.wayOut)")
                }
                guard number > 0 else { continue }
                let issued = certificates[number - 1]
                if issued.hasIssuerName(of: certificate), !issued.isSigned(by: certificate) {
                    faults.append(
                        "certificate \(number) says that certificate \(number + 1) has signed it, which its key has not: "
                            + "put the issuer's right one in its place")
                }
            }
        }
        return faults + keyFaults(index)
    }

    /// The file with the private key of a certificate; nil where it is not among those shown.
    private func keyPath(of certificate: Certificate) -> String? {
        let key = certificate.publicKey
        return privateKeys.first { $0.key.isPair(with: key) }.map { files[$0.place.file].path }
    }

    private func keyFaults(_ index: Int) -> [String] {
        privateKeys.filter { $0.place.file == index }.flatMap { own -> [String] in
            var faults: [String] = []
            if let words = own.key.weakness {
                faults.append("The private key is too weak, \(words): clients refuse it.")
            }
            guard !holders.isEmpty, !holders.contains(where: { own.key.isPair(with: $0.key) }) else { return faults }
            let others = Set(holders.map(\.place.file))
            if others.count == 1, let other = others.first, holders.contains(where: { $0.words == "certificate" }) {
                let file = files[other]
                let error = CredentialAdvice(option: "", path: file.path, file: file.contents.file)
                    .mismatched(key: files[index].path, number: nil)
                faults.append("The key in \(error.problem) \(error.wayOut)")
            } else {
                faults.append("The private key belongs to nothing that is shown here.")
            }
            return faults
        }
    }
}
