import ArgumentParser
import Foundation
import Kernels
import TestBench
import Testing

@testable import millwright

/// `model verify --vectors` of a folder of files: each is compared or counted as failed, whatever the others are.
@Suite("model verify: a folder of vectors") struct ModelVerifyVectorsTests {
    private static let ties = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "VendorVectorsTests/Ties")

    /// Copies of one chip's files.
    private static func folder(_ chip: String, _ names: [String]) throws -> TempDirectory {
        let directory = try TempDirectory()
        for name in names {
            for end in ["json", "npz"] {
                try FileManager.default.copyItem(
                    atPath: ties.appending(path: "\(chip)/\(name).\(end)").path,
                    toPath: directory.file("\(name).\(end)"))
            }
        }
        return directory
    }

    private static func rows(_ directory: TempDirectory) throws -> [ModelVerifyVectors.Row] {
        try ModelVerifyVectors.rows(directory: directory.path, kernels: .best, threads: 1)
    }

    @Test func everyTensorHasARowAndElementsAreCountedOnceAWay() throws {
        let directory = try Self.folder("verisilicon-a311d", ["avg_tie", "conv_tie"])
        let rows = try Self.rows(directory)
        #expect(rows.map(\.passed) == [true, true])
        #expect(
            ModelVerifyVectors.summary(rows)
                == "2 passed, 0 failed; layers alone: 320 of 320 elements equal, through whole models: 0 of 0")
    }

    @Test(arguments: ["json", "npz"]) func aFileWithoutTheOtherIsNamedAndFails(end: String) throws {
        let directory = try Self.folder("verisilicon-a311d", ["avg_tie", "conv_tie"])
        try FileManager.default.removeItem(atPath: directory.file("avg_tie.\(end)"))
        let rows = try Self.rows(directory)
        #expect(rows.filter(\.passed).count == 1)
        let failed = try #require(rows.first { !$0.passed })
        #expect(failed.model.hasSuffix("avg_tie.\(end == "json" ? "npz" : "json")"))
        #expect(failed.remarks == ["expected avg_tie.\(end) beside it, found none"])
        #expect(ModelVerifyVectors.summary(rows).hasPrefix("1 passed, 1 failed; "))
        #expect(throws: (any Error).self) { try ModelVerify.parse(["--vectors", directory.path]).run() }
    }

    @Test(arguments: ["json", "npz"]) func aFileThatCannotBeReadFailsAndTheOthersAreCompared(end: String) throws {
        let directory = try Self.folder("verisilicon-a311d", ["avg_tie", "conv_tie"])
        try Data("{".utf8).write(to: URL(filePath: directory.file("avg_tie.\(end)")))
        let rows = try Self.rows(directory)
        #expect(rows.map(\.passed) == [false, true])
        #expect(rows[0].way == "file" && rows[0].remarks[0].contains("avg_tie.\(end): expected"), "\(rows[0].remarks)")
        #expect(ModelVerifyVectors.table(rows).contains("FAILED; "))
        #expect(ModelVerifyVectors.summary(rows).hasPrefix("1 passed, 1 failed; "))
    }

    @Test func aLayerThatCannotBeComputedFailsAndTheOthersAreCompared() throws {
        let directory = try Self.folder("sophgo-bm1684x", ["ties"])
        let path = URL(filePath: directory.file("ties.json"))
        let text = try String(contentsOf: path, encoding: .utf8)
        // The average's stride no longer gives its output's shape.
        try text.replacing("\"strides\": [\n    2,", with: "\"strides\": [\n    4,").write(
            to: path, atomically: true, encoding: .utf8)
        let rows = try Self.rows(directory)
        #expect(rows.filter { $0.way == "layer" }.map(\.passed) == [true, true, true, true, false, true])
        #expect(rows.filter { $0.way == "model" }.map(\.passed) == [false])
        #expect(rows.filter { !$0.passed }.allSatisfy { $0.remarks.joined().contains("shape of avg") })
    }

    @Test func foldersAreLookedIntoOnceHoweverManyLinksLeadThere() throws {
        let directory = try Self.folder("verisilicon-a311d", ["avg_tie"])
        let below = directory.file("below")
        try FileManager.default.createDirectory(atPath: below, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: "\(below)/loop", withDestinationPath: directory.path)
        try FileManager.default.createSymbolicLink(atPath: directory.file("again"), withDestinationPath: below)
        #expect(try Self.rows(directory).count == 1)
    }

    @Test func aFolderWithoutVectorsIsRefused() throws {
        let directory = try TempDirectory()
        #expect(throws: (any Error).self) { try Self.rows(directory) }
    }
}
