// swift-tools-version: 6.2
// One row a target. `uses` and `packages` are what its files may import: TidyTests compare each `import` line with
// this table, because the compiler does not notice a module that is reached through another target.
import PackageDescription

struct Module {
    enum Kind {
        case swift, c, testC, system(pkgConfig: String, debian: String), program, testSupport, testProgram, tests,
            fuzzer
    }
    var name: String
    var kind: Kind
    var uses: [String]
    var packages: [String]
    /// Folders beside the sources that hold files for tests to read.
    var data: [String]
}

func module(
    _ name: String, _ kind: Module.Kind = .swift, uses: [String] = [], packages: [String] = [], data: [String] = []
) -> Module {
    Module(name: name, kind: kind, uses: uses, packages: packages, data: data)
}

let modules: [Module] = [
    module("CChecksum", .c),
    module("CWorkerPool", .c),
    module("CFieldIO", .c),
    module("CJSON", .c),
    module("CVendorRuntimes", .c),
    module("CHost", .c),
    module("CLibcryptoInit", .c),
    module("CKernels", .c),
    module("CSQLite", .system(pkgConfig: "sqlite3", debian: "libsqlite3-dev")),
    module("CYAML", .system(pkgConfig: "yaml-0.1", debian: "libyaml-dev")),
    module("CMosquitto", .system(pkgConfig: "libmosquitto", debian: "libmosquitto-dev")),
    module("CLibcrypto", .system(pkgConfig: "libcrypto", debian: "libssl-dev")),
    module("CZlib", .system(pkgConfig: "zlib", debian: "zlib1g-dev")),
    module("CCurl", .system(pkgConfig: "libcurl", debian: "libcurl4-openssl-dev")),
    module("CMicroHTTPD", .system(pkgConfig: "libmicrohttpd", debian: "libmicrohttpd-dev")),
    module("CPNG", .system(pkgConfig: "libpng", debian: "libpng-dev")),
    module("CJPEG", .system(pkgConfig: "libjpeg", debian: "libjpeg62-turbo-dev")),
    module("CPictures", .c, uses: ["CPNG", "CJPEG"]),

    module("Plant"),
    module("Threads"),
    module("Kernels", uses: ["CKernels"]),
    module("Arrays", uses: ["CZlib"]),
    module("Checksum", uses: ["CChecksum"]),
    module("Protobuf"),
    module("Graph", uses: ["Checksum"]),
    module("Runtime", uses: ["Graph", "Kernels", "CWorkerPool"]),
    module("Accelerators", uses: ["Graph", "Runtime", "CVendorRuntimes"]),
    module("Compiler", uses: ["Graph", "Protobuf"]),
    module("Deployment", uses: ["Graph", "Profiles"]),
    module("VendorVectors", uses: ["Arrays", "Graph", "Kernels", "Runtime", "Trust"]),
    module("SQLite", uses: ["CSQLite"]),
    module("YAML", uses: ["CYAML"]),
    module("Profiles", uses: ["Plant", "Graph", "YAML"]),
    module("Signals", uses: ["Plant"]),
    module("Watch", uses: ["Plant"]),
    module("Scoring", uses: ["Plant", "Signals", "Graph", "Kernels", "Runtime"]),
    module("Inspection", uses: ["Signals", "Graph", "Kernels", "Runtime", "Pictures"]),
    module("Sparkplug", uses: ["Plant", "Protobuf"]),
    module(
        "Drivers",
        uses: [
            "Plant", "Threads", "YAML", "Sparkplug", "Pictures", "CFieldIO", "CJSON", "CMosquitto", "CMicroHTTPD",
        ],
        packages: ["Logging"]),
    module("Store", uses: ["Plant", "Threads", "SQLite", "Checksum", "Trust"], packages: ["Logging"]),
    module("Alerts", uses: ["Plant", "YAML"], packages: ["Logging"]),
    module("Trust", uses: ["Plant", "CLibcrypto", "CLibcryptoInit"]),
    module("Transfer", uses: ["Threads", "CCurl"]),
    module("Uplink", uses: ["Plant", "Store", "Trust"], packages: ["Logging"]),
    module(
        "AssemblyLine",
        uses: [
            "Plant", "Arrays", "Signals", "Kernels", "Graph", "Compiler", "Runtime", "Scoring", "YAML", "Trust",
        ]),
    module("Plots", uses: ["Plant"]),
    module("Pictures", uses: ["CPictures", "CZlib"]),
    module("Host", uses: ["Plant", "CHost"], packages: ["Logging"]),
    module("Rig", uses: ["Plant", "CMosquitto"]),
    module("Registry", uses: ["Plant", "Threads", "SQLite", "YAML", "Trust"], packages: ["Hummingbird", "Logging"]),

    module(
        "millwright", .program,
        uses: [
            "Plant", "Threads", "Arrays", "Kernels", "Graph", "Compiler", "Runtime", "Accelerators", "CVendorRuntimes",
            "VendorVectors", "Profiles", "Deployment",
            "YAML",
            "Signals", "Scoring", "Watch", "Sparkplug", "Drivers", "Store", "Alerts", "Trust", "Transfer", "Uplink",
            "AssemblyLine",
            "Rig", "Host", "Plots", "Pictures", "Inspection",
        ],
        packages: ["ArgumentParser", "ServiceLifecycle", "UnixSignals", "Logging"]),
    module(
        "millwright-registry", .program, uses: ["Plant", "Host", "Registry", "Trust"],
        packages: ["ArgumentParser", "ServiceLifecycle", "UnixSignals", "Logging"]),

    module("TestBench", .testSupport, uses: ["Plant", "Rig"]),
    module("Seeded", .testSupport),
    module("CAllocationCounter", .testC),
    module(
        "Hostile", .testSupport,
        uses: [
            "Arrays", "Checksum", "Graph", "Kernels", "Compiler", "Runtime", "Plant", "YAML", "Sparkplug", "Drivers",
            "Pictures", "Inspection", "CZlib",
        ]),
    module("Fuzz", .fuzzer, uses: ["Compiler", "Hostile"]),
    module("ConformingEngine", .testSupport, uses: ["Graph", "Runtime"]),
    module("ConformingRuntime", .testC, uses: ["CVendorRuntimes"]),
    module("IncompleteRuntime", .testC),
    module("HostileRuntime", .testC),
    module("AcceleratorHostProgram", .testProgram, uses: ["Accelerators"]),
    module("DiskFaults", .testC),
    module("ScriptedMinute", .testProgram, uses: ["Plant", "SQLite", "Store", "TestBench"], packages: ["Logging"]),
    module("TidyTests", .tests),
    module("PlantTests", .tests, uses: ["Plant"]),
    module("HostTests", .tests, uses: ["Plant", "Host"]),
    module("PlotsTests", .tests, uses: ["Plant", "Plots"]),
    module("WatchTests", .tests, uses: ["Plant", "Watch", "Seeded", "CAllocationCounter"]),
    module(
        "PicturesTests", .tests, uses: ["Pictures", "CZlib", "Seeded", "Hostile", "CAllocationCounter"],
        data: ["Golden", "make-golden.py"]),
    module("ArraysTests", .tests, uses: ["Arrays", "Seeded"]),
    module("ChecksumTests", .tests, uses: ["Checksum", "CChecksum"]),
    module("KernelsTests", .tests, uses: ["Kernels", "CKernels", "Seeded"]),
    module("GraphTests", .tests, uses: ["Checksum", "Graph"], data: ["Vectors"]),
    module(
        "RuntimeTests", .tests, uses: ["Graph", "Kernels", "Runtime", "CAllocationCounter", "Seeded", "Hostile"]),
    module(
        "CompilerTests", .tests, uses: ["Graph", "Protobuf", "Compiler", "Runtime", "Seeded"],
        data: ["Passes/Golden", "ONNX/Vectors"]),
    module(
        "VendorVectorsTests", .tests, uses: ["Arrays", "Graph", "Kernels", "VendorVectors", "Seeded"],
        data: ["Ties", "mutants"]),
    module("DeploymentTests", .tests, uses: ["Graph", "Profiles", "Deployment", "Seeded"]),
    module("AcceleratorsTests", .tests, uses: ["Graph", "Runtime", "Accelerators", "CVendorRuntimes", "Seeded"]),
    module("SQLiteTests", .tests, uses: ["SQLite"]),
    module("YAMLTests", .tests, uses: ["YAML"]),
    module("ProfilesTests", .tests, uses: ["Plant", "Graph", "Profiles"]),
    module("SignalsTests", .tests, uses: ["Plant", "Signals", "CAllocationCounter"]),
    module("ScoringTests", .tests, uses: ["Plant", "Signals", "Graph", "Runtime", "Scoring"]),
    module(
        "DriversTests", .tests,
        uses: [
            "Plant", "YAML", "CJSON", "CMosquitto", "Sparkplug", "Pictures", "Drivers", "Transfer", "Rig", "TestBench",
            "Seeded", "Hostile",
        ],
        packages: ["Logging"]),
    module(
        "InspectionTests", .tests,
        uses: ["Signals", "Graph", "Kernels", "Runtime", "Pictures", "Inspection", "Seeded", "Hostile"]),
    module("SparkplugTests", .tests, uses: ["Plant", "Sparkplug", "Seeded", "Hostile"], data: ["Vectors"]),
    module("ProtobufTests", .tests, uses: ["Protobuf"]),
    module(
        "StoreTests", .tests, uses: ["Plant", "SQLite", "Checksum", "Store", "TestBench", "Seeded"],
        packages: ["Logging"],
        data: ["Databases"]),
    module(
        "AlertsTests", .tests, uses: ["Plant", "YAML", "Alerts", "TestBench"], packages: ["Logging"],
        data: ["Golden"]),
    module("TrustTests", .tests, uses: ["Plant", "CLibcrypto", "Trust"]),
    module("TransferTests", .tests, uses: ["Transfer", "Rig", "TestBench"]),
    module(
        "UplinkTests", .tests, uses: ["Plant", "Store", "Trust", "Uplink", "TestBench"], packages: ["Logging"]),
    module(
        "RegistryTests", .tests,
        uses: [
            "Plant", "Host", "SQLite", "Trust", "Registry", "Transfer", "Store", "Uplink", "Rig", "TestBench",
            "millwright-registry",
        ], packages: ["Logging"]),
    module(
        "AssemblyLineTests", .tests,
        uses: ["Plant", "Arrays", "Signals", "Graph", "Runtime", "Scoring", "Alerts", "AssemblyLine"]),
    module(
        "MillwrightTests", .tests,
        uses: [
            "Plant", "Threads", "YAML", "SQLite", "Arrays", "Kernels", "Graph", "Compiler", "Runtime", "Accelerators",
            "Profiles", "Deployment", "Watch", "Sparkplug", "Drivers", "Store", "Alerts", "AssemblyLine", "Rig", "TestBench",
            "Pictures", "Inspection", "millwright",
        ],
        packages: ["ArgumentParser", "Logging"]),
]

let packages: [String: (url: String, from: Version, package: String)] = [
    "ArgumentParser": ("https://github.com/apple/swift-argument-parser", "1.8.2", "swift-argument-parser"),
    "Logging": ("https://github.com/apple/swift-log", "1.16.2", "swift-log"),
    "ServiceLifecycle": (
        "https://github.com/swift-server/swift-service-lifecycle", "2.13.0", "swift-service-lifecycle"
    ),
    "UnixSignals": ("https://github.com/swift-server/swift-service-lifecycle", "2.13.0", "swift-service-lifecycle"),
    "Hummingbird": ("https://github.com/hummingbird-project/hummingbird", "2.28.1", "hummingbird"),
]

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// Optimized in debug builds too (plain -O0 kernels are 6 to 90 times slower, and the tests walk every shape), and
// without contraction: a multiply-add fused on one ISA only would break bit-exactness.
let cSettings: [CSetting] = [
    .unsafeFlags(["-O2", "-ffp-contract=off", "-std=c11", "-Wall", "-Wextra", "-Werror"])
]

func target(_ module: Module) -> Target {
    let dependencies: [Target.Dependency] =
        module.uses.map { .target(name: $0) }
        + module.packages.compactMap { name in packages[name].map { .product(name: name, package: $0.package) } }
    switch module.kind {
    case .swift:
        return .target(name: module.name, dependencies: dependencies, swiftSettings: swiftSettings)
    case .c:
        return .target(name: module.name, dependencies: dependencies, cSettings: cSettings)
    case .testC:
        return .target(
            name: module.name, dependencies: dependencies, path: "Tests/\(module.name)", cSettings: cSettings)
    case .system(let pkgConfig, let debian):
        return .systemLibrary(name: module.name, pkgConfig: pkgConfig, providers: [.apt([debian])])
    case .program:
        return .executableTarget(name: module.name, dependencies: dependencies, swiftSettings: swiftSettings)
    case .testSupport:
        return .target(
            name: module.name, dependencies: dependencies, path: "Tests/\(module.name)", swiftSettings: swiftSettings)
    case .testProgram:
        return .executableTarget(
            name: module.name, dependencies: dependencies, path: "Tests/\(module.name)", swiftSettings: swiftSettings)
    case .fuzzer:
        return .executableTarget(
            name: module.name, dependencies: dependencies, path: "Tests/\(module.name)", exclude: ["run"],
            swiftSettings: swiftSettings)
    case .tests:
        return .testTarget(
            name: module.name, dependencies: dependencies, exclude: module.data, swiftSettings: swiftSettings)
    }
}

let used = Set(modules.flatMap(\.packages))

/// libFuzzer brings the main function, so the fuzzer links only in a build for it: `./test --fuzz`.
let isFuzzing = Context.environment["MILLWRIGHT_FUZZ"] != nil
let built = modules.filter { module in
    if case .fuzzer = module.kind { isFuzzing } else { true }
}

let package = Package(
    name: "millwright",
    products: [
        .executable(name: "millwright", targets: ["millwright"]),
        .executable(name: "millwright-registry", targets: ["millwright-registry"]),
        // What tests open at run time in the place of a vendor's library.
        .library(name: "ConformingRuntime", type: .dynamic, targets: ["ConformingRuntime", "ConformingEngine"]),
        .library(name: "IncompleteRuntime", type: .dynamic, targets: ["IncompleteRuntime"]),
        .library(name: "HostileRuntime", type: .dynamic, targets: ["HostileRuntime"]),
        // What a test program gets before the C library.
        .library(name: "DiskFaults", type: .dynamic, targets: ["DiskFaults"]),
    ],
    // Two products of one package are one dependency.
    dependencies: Dictionary(packages.filter { used.contains($0.key) }.values.map { ($0.url, $0.from) }) { $1 }
        .sorted { $0.key < $1.key }.map { .package(url: $0.key, from: $0.value) },
    targets: built.map(target),
    swiftLanguageModes: [.v6]
)
