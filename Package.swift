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

/// A room may import the rooms it names here and no others; `scripts/check` has the build refuse the rest.
func room(_ name: String, imports: [Target.Dependency] = [], extra: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: house + extra)
}

func tests(of name: String, imports: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.target(name: name)] + imports, swiftSettings: house)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "martinet",
    products: [
        .executable(name: "martinet", targets: ["martinet"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev", "pkg-config"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),
        .target(name: "CLinux", linkerSettings: [.linkedLibrary("crypt")]),

        room("Bytes", extra: [.enableExperimentalFeature("Lifetimes")]),
        room("POSIX", imports: ["CLinux", "Bytes"]),
        room("EventLoop", imports: ["POSIX"]),
        room("TLS", imports: ["COpenSSL", "POSIX", "Bytes"]),
        room("Compression", imports: ["CZlib", "CBrotli"]),
        room("HTTP", imports: ["Bytes"]),
        room("HTTP1", imports: ["HTTP", "Bytes"]),
        .executableTarget(
            name: "request-costs", dependencies: ["HTTP1", "HTTP", "Bytes"], path: "Benchmarks/RequestCosts",
            swiftSettings: house),

        room("Responders", imports: ["HTTP", "Compression", "POSIX", "Bytes", logging]),
        room("Server", imports: ["HTTP", "HTTP1", "TLS", "EventLoop", "POSIX", "Bytes", logging]),
        .executableTarget(
            name: "martinet",
            dependencies: [
                "Server", "Responders", "HTTP", "TLS", "POSIX", "Bytes", arguments, logging,
            ],
            swiftSettings: house),

        tests(of: "Bytes"),
        tests(of: "POSIX"),
        tests(of: "EventLoop", imports: ["POSIX"]),
        tests(of: "TLS", imports: ["COpenSSL", "POSIX", "Bytes"]),
        tests(of: "HTTP", imports: ["Bytes"]),
        tests(of: "HTTP1", imports: ["HTTP", "Bytes"]),
        tests(of: "Compression"),
        tests(of: "Responders", imports: ["HTTP", "Compression", "POSIX", "Bytes", logging]),
        tests(of: "Server", imports: ["HTTP", "HTTP1", "TLS", "EventLoop", "POSIX", "Bytes", logging]),
        .testTarget(
            name: "ConformanceTests", dependencies: ["Responders", "HTTP1", "HTTP", "Bytes"], swiftSettings: house),
        .testTarget(
            name: "EndToEndTests", dependencies: ["martinet"],
            exclude: ["peer.py", "cases.py", "records.py", "Scripts"], swiftSettings: house),
    ]
)
