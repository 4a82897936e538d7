// swift-tools-version: 6.3
import PackageDescription

/// The house rules of every room: Swift 6, no unmarked unsafe code, no warnings.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// The target of a room. Names of targets must be unique among all packages of a program, so that of `Sources/HTTP` is
/// `MartinetHTTP`.
func target(of room: String) -> String { "Martinet\(room)" }

/// A room may import the rooms it names here and no others; `scripts/check` has the build refuse the rest.
func room(
    _ name: String, imports: [String] = [], libraries: [Target.Dependency] = [], extra: [SwiftSetting] = []
) -> Target {
    .target(
        name: target(of: name), dependencies: rooms(imports) + libraries, path: "Sources/\(name)",
        swiftSettings: house + extra)
}

/// The tests of a room. `Tests/TestSupport` has what the tests of several rooms need.
func tests(of name: String, imports: [String] = [], libraries: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: rooms([name, "TestSupport"] + imports) + libraries, swiftSettings: house)
}

func rooms(_ names: [String]) -> [Target.Dependency] { names.map { .target(name: target(of: $0)) } }

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "martinet",
    products: [
        .executable(name: "martinet", targets: ["MartinetCommand"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev", "pkg-config"])]),
        .systemLibrary(
            name: "CMartinetZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CMartinetBrotli", path: "Sources/CBrotli", pkgConfig: "libbrotlienc",
            providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(
            name: "CMartinetQREncode", path: "Sources/CQREncode", pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(
            name: "CMartinetYAML", path: "Sources/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CMartinetLinux", path: "Sources/CLinux", linkerSettings: [.linkedLibrary("crypt")]),

        room("Events"),
        room("Bytes", extra: [.enableExperimentalFeature("Lifetimes")]),
        room("POSIX", imports: ["Events", "Bytes"], libraries: ["CMartinetLinux"]),
        room("EventLoop", imports: ["POSIX", "Events"]),
        room("Crypto", imports: ["POSIX", "Bytes"], libraries: ["COpenSSL"]),
        room("TLS", imports: ["Crypto", "POSIX", "Events", "Bytes"], libraries: ["COpenSSL"]),
        room("Compression", libraries: ["CMartinetZlib", "CMartinetBrotli"]),
        room("QRCode", libraries: ["CMartinetQREncode"]),
        room("YAML", libraries: ["CMartinetYAML"]),
        room("HTTP", imports: ["Events", "Bytes"]),
        room("Configuration", imports: ["YAML", "POSIX", "Bytes"]),
        room("HTTP1", imports: ["HTTP", "Events", "Bytes"]),
        .executableTarget(
            name: "request-costs", dependencies: rooms(["HTTP1", "HTTP", "Events", "Bytes"]),
            path: "Benchmarks/RequestCosts",
            swiftSettings: house),

        room(
            "Responders", imports: ["HTTP", "Crypto", "Compression", "POSIX", "Events", "Bytes"], libraries: [logging]),
        room(
            "Server", imports: ["HTTP", "TLS", "EventLoop", "POSIX", "Events", "Bytes"], libraries: [logging]),
        .executableTarget(
            name: target(of: "Command"),
            dependencies: rooms([
                "Server", "Responders", "HTTP1", "HTTP", "TLS", "QRCode", "Crypto", "POSIX", "Events", "Bytes",
            ]) + [arguments, logging],
            path: "Sources/Command", swiftSettings: house),

        .target(
            name: target(of: "TestSupport"),
            dependencies: rooms(["HTTP", "TLS", "POSIX", "Events", "Bytes"]) + ["COpenSSL", logging],
            path: "Tests/TestSupport", swiftSettings: house),
        tests(of: "Events"),
        tests(of: "Bytes"),
        tests(of: "POSIX", imports: ["Events"]),
        tests(of: "EventLoop", imports: ["POSIX", "Events"]),
        tests(of: "Crypto"),
        tests(of: "TLS", imports: ["Crypto", "POSIX", "Events", "Bytes"], libraries: ["COpenSSL"]),
        tests(of: "HTTP", imports: ["Events", "Bytes"]),
        tests(of: "HTTP1", imports: ["HTTP", "Events", "Bytes"]),
        tests(of: "Compression"),
        tests(of: "QRCode"),
        tests(of: "YAML"),
        tests(
            of: "Responders", imports: ["HTTP", "Crypto", "Compression", "POSIX", "Events", "Bytes"],
            libraries: [logging]),
        tests(
            of: "Server", imports: ["HTTP", "HTTP1", "TLS", "EventLoop", "POSIX", "Events", "Bytes"],
            libraries: [logging]),
        tests(
            of: "Command", imports: ["Configuration", "Responders", "TLS", "QRCode", "POSIX", "Events"],
            libraries: [arguments, logging]),
        tests(of: "Configuration", imports: ["Responders", "Server", "YAML", "Events"]),
        .testTarget(
            name: "ConformanceTests",
            dependencies: rooms(["Responders", "HTTP1", "HTTP", "TestSupport", "Events", "Bytes"]),
            swiftSettings: house),
        .testTarget(
            name: "EndToEndTests", dependencies: rooms(["Command", "POSIX", "TestSupport"]),
            exclude: ["peer.py", "cases.py", "records.py", "Scripts"], swiftSettings: house),
    ]
)
