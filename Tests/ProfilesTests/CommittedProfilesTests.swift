import Foundation
import Graph
import Plant
import Profiles
import Testing

@Suite("Profiles: the committed catalogue")
struct CommittedProfilesTests {
    /// The chips that the catalogue is to cover, by a name that somebody would look for.
    static let wanted = [
        "rk3588", "rk3576", "rk3566", "rk3568", "rk3562", "rv1126b", "rv1106", "rv1103b", "bm1684x", "bm1688", "cv181x",
        "cv180x", "cv1812h", "sg2002", "cv184x", "a311d", "v853", "ascend310", "ascend310b", "ascend310p", "mlu220",
        "mlu370", "horizon-x3", "horizon-x5", "horizon-j5", "k230", "ax650n", "ax630c", "k1", "th1520", "r200",
        "loongson", "phytium", "kunpeng-920", "hygon", "zhaoxin",
    ]

    @Test func hasNoMistake() throws {
        let contents = try ProfileCatalogue.contents(of: Catalogue.directory)
        #expect(contents.findings == [])
        #expect(contents.profiles.count == contents.fileCount)
    }

    @Test(arguments: wanted) func covers(name: String) throws { _ = try Catalogue.profile(name) }

    @Test func saysOfNoChipMoreThanWasCompared() throws {
        let byReach = Dictionary(grouping: try Catalogue.profiles(), by: \.reach).mapValues { Set($0.map(\.id)) }
        #expect(
            byReach[.bitExact] == [
                "rk3588", "rk3566", "rk3576", "rk3562", "rv1126b", "rv1103b", "bm1684x", "bm1688", "cv184x", "cv181x",
                "a311d", "v853",
            ])
        #expect(byReach[.contractKnown] == ["rv1106", "rk3568"])
    }

    @Test func namesOnlyContractsThatPlansKnow() throws {
        for profile in try Catalogue.profiles() {
            guard let contract = profile.contract else { continue }
            #expect(throws: Never.self) { try Contracts.named(contract.value) }
        }
    }

    @Test func readsTheFiguresOfRK3588() throws {
        let chip = try Catalogue.profile("RK3588S")
        #expect(chip.id == "rk3588")
        #expect(chip.contract?.value == "rockchip")
        #expect(chip.engine?.multiplicationsPerCycle == 1_024)
        #expect(chip.cores?.value == 3)
        #expect(chip.clockHertz?.value == 1e9)
        #expect(chip.peakInt8OperationsPerSecond?.value == 6e12)
        #expect(chip.onChipBytes?.value == 393_216)
        #expect(chip.dramBytesPerCycle?.value == 23.65)
        #expect(chip.dramBytesPerSecond == nil)
        #expect(chip.layout?.channelBlock?.value == 16)
        #expect(chip.quantization?.convolutionWeights?.value == [.int8AsymmetricPerChannel])
        #expect(chip.operators.npu?.value.contains("Conv") == true)
        #expect(chip.operators.float16?.value == ["Softmax", "GRU"])
        #expect(chip.operators.fallback?.value.contains("Log") == true)
    }

    @Test func readsTheOtherFormsOfEngine() throws {
        let lanes = try Catalogue.profile("bm1688")
        #expect(lanes.engine?.multiplicationsPerCycle == 4_096)
        #expect(lanes.onChipBytes?.value == 4 << 20)
        #expect(lanes.dramBytesPerSecond?.value == 64e9)
        #expect(lanes.quantization?.isUnsignedAfterReLU?.value == true)
        #expect(try Catalogue.profile("ascend310").engine?.multiplicationsPerCycle == 8_192)
        #expect(try Catalogue.profile("a311d").engine?.multiplicationsPerCycle == 768)
        #expect(try Catalogue.profile("hygon").isCPU)
        #expect(try Catalogue.profile("k230").engine == nil)
        let limits = try Catalogue.profile("horizon-x3").operators.limits
        #expect(limits.contains { $0.operator == "Conv" && $0.quantity == .kernelEdge && $0.most.value == 7 })
    }

    @Test func keepsWhatIsUnknownWithItsReason() throws {
        let lines = try Catalogue.profile("rk3588").lines
        let power = try #require(lines.first { $0.key == "compute.watts" })
        #expect(power.value == nil && power.status == nil)
        #expect(power.source.contains("2.8 W"))
        for profile in try Catalogue.profiles() { #expect(profile.lines.allSatisfy { !$0.source.isEmpty }) }
    }

    /// Takes each `source:` away in turn, in both ways of writing a fact.
    @Test func missesEverySourceThatIsTakenAway() throws {
        var tried = 0
        for profile in try Catalogue.profiles() {
            let lines = try Catalogue.text(profile.file).components(separatedBy: "\n")
            for index in lines.indices {
                guard let range = lines[index].range(of: #"source:( ("[^"]*"|[^,}"]+))?"#, options: .regularExpression)
                else { continue }
                tried += 1
                var changed = lines
                // Another key keeps the file YAML: what goes missing is the source alone.
                changed[index].replaceSubrange(range, with: lines[index][range].replacing("source:", with: "sauce:"))
                let findings = Catalogue.findings(changed.joined(separator: "\n"), file: profile.file)
                #expect(
                    findings?.contains("sauce") == true && findings?.contains("a source: where") == true,
                    "\(profile.file):\(index + 1)")
            }
        }
        #expect(tried > 600)
    }

    @Test func missesEverySourceOfTheTableThatIsTakenAway() throws {
        for profile in try Catalogue.profiles() {
            let text = try Catalogue.text(profile.file)
            guard let table = text.firstRange(of: #/\nsources:\n(?:  .*\n)+/#) else { continue }
            let findings = Catalogue.findings(text.replacingCharacters(in: table, with: "\n"), file: profile.file)
            #expect(findings?.contains("or a name of `sources`") == true, "\(profile.file)")
        }
    }

    @Test(arguments: [("README.md", Language.english), ("README.zh-CN.md", .chinese)])
    func readmeHasItsTable(name: String, language: Language) throws {
        let table = RunsOnTable.markdown(try Catalogue.profiles(), language: language)
        let readme = try Catalogue.text("\(Catalogue.root)/\(name)")
        #expect(
            readme.contains(table),
            "put the output of `millwright profiles list --markdown --language \(language.rawValue)` into \(name)")
    }
}
