import Drivers
import Plant
import YAML

extension PlantConfiguration {
    /// What is no mistake, and what an integrator should know before it runs.
    var notices: [String] {
        let judged = Set(stations.map(\.pictures))
        return Drivers.notices(links)
            + links.flatMap { link in
                link.settings.pictures.filter { !judged.contains($0) }.map {
                    "link \(link.name): no station judges the pictures \"\($0)\""
                }
            }
    }

    /// Names that stations use, held against what links and assets declare.
    ///
    /// - Parameter isWhole: every link could be read; else what is missing may be in one that could not.
    func checkStations(_ node: Node, known: [String: TagDefinition], isWhole: Bool, _ diagnostics: Diagnostics) {
        let streams = links.flatMap(\.settings.pictures)
        var (ids, taken): (Set<String>, Set<String>) = ([], [])
        for (index, station) in stations.enumerated() {
            guard let place = node["stations"]?.elements?[index] else { continue }
            func report(_ key: String, expected: String, found: String, meant: String? = nil) {
                let at = key.split(separator: ".").reduce(place) { $0[String($1)] ?? $0 }
                diagnostics.report(
                    at: at, path: "stations[\(index)].\(key)", expected: expected, found: found, suggestion: meant)
            }
            if assets.contains(where: { $0.id == station.id }) || !ids.insert(station.id).inserted {
                report("id", expected: "an id that no other station and no asset has", found: station.id)
            }
            if !taken.insert(station.pictures).inserted {
                report("pictures", expected: "each stream at one station", found: "\"\(station.pictures)\" again")
            }
            guard isWhole else { continue }
            if !links.contains(where: { $0.settings.mayBring(pictures: station.pictures) }) {
                report(
                    "pictures",
                    expected: streams.isEmpty
                        ? "a stream of pictures, and a link that brings one"
                        : "a stream of pictures of one of the links",
                    found: "\"\(station.pictures)\"", meant: Nearest.match(station.pictures, among: streams))
            }
            for output in StationDefinition.Output.allCases where known[station.tag(output).name] != nil {
                report(
                    "id", expected: "an id whose tags no link has", found: "\(station.tag(output).name) of a link")
            }
            checkGate(of: station, report: { report($0, expected: $1, found: $2, meant: $3) })
            for (key, tag) in station.sources {
                if let definition = known[tag] {
                    guard case .waveform = definition.kind else { continue }
                    report(key, expected: "a tag with numbers or texts", found: "\"\(tag)\", which has waveforms")
                } else if !links.contains(where: { $0.settings.mayMake(tag: tag) }) {
                    report(
                        key, expected: "a tag that one of the links declares", found: "\"\(tag)\"",
                        meant: Nearest.match(tag, among: Array(known.keys)))
                }
            }
        }
    }

    private func checkGate(
        of station: StationDefinition,
        report: (_ key: String, _ expected: String, _ found: String, _ meant: String?) -> Void
    ) {
        switch station.gate {
        case nil: return
        case .topic(let name, _):
            let brokers = links.filter { $0.scheme == "mqtt" }.map(\.name)
            guard !brokers.contains(name) else { return }
            report(
                "gate.mqtt.link", "the name of a link with driver mqtt", "\"\(name)\"",
                Nearest.match(name, among: brokers))
        case .tag(let tag, let values):
            for (key, value) in [("good", values.good), ("defect", values.defect), ("not_judged", values.notJudged)]
            where !links.contains(where: { $0.settings.allowsWrite(of: value, to: tag) }) {
                report("gate.\(key)", "a value that a link allows to be written to \"\(tag)\"", "\(value)", nil)
            }
        }
    }
}
