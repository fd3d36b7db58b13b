import FoundationEssentials
import Glibc
import Plant
import Rig
import TestBench
import Testing

@testable import millwright

/// `drill power` says that the contract holds where it does, and that it is broken where it is.
@Suite(.serialized) struct PowerDrillTests {
    struct Report: Decodable {
        var kills: Int
        var published: Int
        var rows: Int
        var missing: Int
        var doubled: Int
        var polled_stored: Int
        var longest_gap_seconds: Double
        var allowed_gap_seconds: Double
        var write_cache: String
        var holds: Bool
    }

    private func drill(
        _ folder: TempDirectory, kills: Int, options: [String] = [], environment: [String: String] = [:]
    ) async throws -> (exit: ChildProcess.Exit, report: Report) {
        let work = folder.file("drill")
        let child = try ChildProcess(
            try Files.program(), ["drill", "power", "--json", "--kills", "\(kills)", "--directory", work] + options,
            environment: environment, outputFile: folder.file("output"))
        let exit = await child.waitForExit()
        let text = try Files.text(folder.file("output"))
        // Progress goes to standard error, which is the same file here.
        let json = try #require(text.firstIndex(of: "{").map { text[$0...] }, "\(text)")
        return (exit, try JSONDecoder().decode(Report.self, from: Data(json.utf8)))
    }

    @Test func theContractHoldsWhereTheDaemonIsKilled() async throws {
        let (exit, report) = try await drill(try TempDirectory(), kills: 3)
        #expect(exit == .code(0) && report.holds && report.kills == 3)
        #expect(report.published > 0 && report.rows == report.published && report.missing == 0 && report.doubled == 0)
        #expect(report.polled_stored > 0 && report.longest_gap_seconds <= report.allowed_gap_seconds)
        #expect(["write_back", "write_through", "unknown"].contains(report.write_cache))
    }

    /// A disk that syncs in half a second cannot keep a contract of a fifth.
    @Test func aContractThatASlowDiskBreaksIsReported() async throws {
        let folder = try TempDirectory()
        let own = try DaemonProcess.program()
        let library = "\(TextFile.directory(of: own))/libDiskFaults.so"
        try #require(access(library, R_OK) == 0, "libDiskFaults.so was not built beside \(own)")
        let (exit, report) = try await drill(
            folder, kills: 4, options: ["--samples", "0.2"],
            environment: [
                "LD_PRELOAD": library, "DISK_FAULTS_FOLDER": folder.file("drill/store"), "DISK_FAULTS_KIND": "slow",
                "DISK_FAULTS_AT": "1", "DISK_FAULTS_CALLS": "1000000",
            ])
        #expect(exit == .code(1) && !report.holds)
        // Only what nobody was told that it is stored is lost.
        #expect(report.missing == 0 && report.doubled == 0)
        #expect(report.longest_gap_seconds > report.allowed_gap_seconds)
    }

    @Test func gapsAreMeasuredFromTheLastStoredValueOrTheConnection() {
        func at(_ seconds: Int64) -> WallTime { WallTime(nanoseconds: seconds * 1_000_000_000) }
        let gaps = PowerDrill.gaps(
            [at(12), at(11), at(25)], [(at(10), at(13)), (at(15), at(19)), (at(24), at(25)), (at(30), at(30))])
        #expect(gaps == [.seconds(1), .seconds(4), .zero, .zero])
    }
}
