package import Plant
package import YAML

/// What a pack's alerts are called and when they come: `rules.yaml`.
package struct RuleSet: Hashable, Sendable {
    package var delays: Delays
    /// Score in thresholds from which an alert is critical, whatever its rule says.
    package var criticalAbove: Double
    /// Rules that need certain features to lead.
    package var rules: [Rule]
    /// The rule for everything that no other rule explains.
    package var fallback: Rule

    /// One kind of alert.
    package struct Rule: Hashable, Sendable {
        /// `bearing.outer_race`
        package var code: String
        package var severity: Severity
        /// The features whose shares are added up; empty in the fallback.
        package var features: [String]
        /// Their sum must reach this share of the score, 0...1, for the rule to be taken.
        package var leastShare: Double
        package var title: LocalizedText
        package var cause: LocalizedText
        package var action: LocalizedText

        package init(
            code: String, severity: Severity, features: [String], leastShare: Double = Rule.usualLeastShare,
            title: LocalizedText, cause: LocalizedText, action: LocalizedText
        ) {
            self.code = code
            self.severity = severity
            self.features = features
            self.leastShare = leastShare
            self.title = title
            self.cause = cause
            self.action = action
        }

        /// A quarter: a defect moves its own feature most, but the general ones (RMS, kurtosis) always move along.
        package static let usualLeastShare = 0.25
    }

    package init(delays: Delays = Delays(), criticalAbove: Double = 3, rules: [Rule], fallback: Rule) {
        self.delays = delays
        self.criticalAbove = criticalAbove
        self.rules = rules
        self.fallback = fallback
    }

    /// The rules with the plant's own delays.
    package func applying(_ overrides: DelayOverrides) -> RuleSet {
        var result = self
        result.delays = delays.applying(overrides)
        return result
    }

    /// The rule whose features explain the largest part of a score; the fallback when none explains enough.
    ///
    /// - Parameter shares: share of the score by feature name.
    package func rule(for shares: [String: Double]) -> Rule {
        var best: (rule: Rule, share: Double)?
        for rule in rules {
            let share = rule.features.reduce(0) { $0 + (shares[$1] ?? 0) }
            // The first of two equal ones: the order in the file is the pack's preference.
            if share >= rule.leastShare, share > best?.share ?? -1 { best = (rule, share) }
        }
        return best?.rule ?? fallback
    }
}

extension RuleSet {
    /// Reads a `rules.yaml`.
    ///
    /// - Parameter features: names that the pack's model knows; nil when they are not at hand.
    /// - Throws: ``RuleError`` with every mistake and its place.
    package static func parse(
        _ bytes: [UInt8], file: String, features: [String]? = nil
    ) throws(RuleError) -> RuleSet {
        let root: Node
        do { root = try YAML.parse(bytes, file: file) } catch { throw .malformed(error) }
        let diagnostics = Diagnostics(file: file)
        guard var reader = MappingReader(root, path: "", diagnostics: diagnostics) else {
            throw .wrong(diagnostics.entries)
        }
        let rules = RuleSet(reading: &reader, features: features)
        reader.finish()
        guard let rules, diagnostics.isEmpty else { throw .wrong(diagnostics.entries) }
        return rules
    }

    /// Reads `delays`, `critical_above` and `rules`; nil, and reported, when there is no usable rule.
    package init?(reading reader: inout MappingReader, features: [String]? = nil) {
        let delays = reader.optional("delays", .mapping { DelayOverrides(reading: &$0) })
        let criticalAbove = reader.optional("critical_above", .number(1...1_000), default: 3)
        let nodes = reader.required("rules", .nodes) ?? []
        let path = reader.path("rules")
        let diagnostics = reader.diagnostics
        var rules: [Rule] = []
        var fallbacks: [(rule: Rule, node: Node, path: String)] = []
        var codes: Set<String> = []
        var owners: [String: String] = [:]
        for (index, node) in nodes.enumerated() {
            let place = "\(path)[\(index)]"
            guard var rule = MappingReader(node, path: place, diagnostics: diagnostics),
                let read = Rule(reading: &rule, known: features, owners: &owners)
            else { continue }
            if !codes.insert(read.code).inserted {
                diagnostics.report(
                    at: node["code"] ?? node, path: "\(place).code", expected: "each code once", found: "it again")
            }
            if read.features.isEmpty { fallbacks.append((read, node, place)) } else { rules.append(read) }
        }
        for extra in fallbacks.dropFirst() {
            diagnostics.report(
                at: extra.node, path: extra.path, expected: "one rule without `when`", found: "a second one")
        }
        guard let fallback = fallbacks.first else {
            // A rule that is wrong in itself was reported already, and may have been the fallback.
            if diagnostics.isEmpty {
                diagnostics.report(
                    at: reader.node["rules"] ?? reader.node, path: path,
                    expected: "one rule without `when`, for what no other rule explains", found: "none")
            }
            return nil
        }
        self.init(
            delays: Delays().applying(delays ?? DelayOverrides()), criticalAbove: criticalAbove, rules: rules,
            fallback: fallback.rule)
    }
}

/// Why a `rules.yaml` was not taken.
package enum RuleError: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(YAMLError)
    case wrong([Diagnostic])

    package var description: String {
        switch self {
        case .malformed(let error): error.description
        case .wrong(let entries): entries.map(\.description).joined(separator: "\n")
        }
    }
}

extension RuleSet.Rule {
    fileprivate init?(reading reader: inout MappingReader, known: [String]?, owners: inout [String: String]) {
        let code = reader.required("code", .alertCode)
        let severity = reader.required("severity", .choice(Severity.self))
        let when = reader.optional("when", .node)
        var features: [String] = []
        var leastShare = Self.usualLeastShare
        if let when, var condition = MappingReader(when, path: reader.path("when"), diagnostics: reader.diagnostics) {
            features = condition.required("features", .sequence(of: .string, count: 1...64)) ?? []
            leastShare = condition.optional("share", .number(0.01...1), default: Self.usualLeastShare)
            condition.finish()
            for (index, node) in (when["features"]?.elements ?? []).enumerated() {
                Self.check(
                    node, path: "\(condition.path("features"))[\(index)]", rule: code ?? "another rule", known: known,
                    owners: &owners, reader.diagnostics)
            }
        }
        let title = reader.required("title", .localizedText(120))
        let cause = reader.required("cause", .localizedText(2_000))
        let action = reader.required("action", .localizedText(2_000))
        reader.finish()
        guard let code, let severity, let title, let cause, let action, when == nil || !features.isEmpty else {
            return nil
        }
        self.init(
            code: code, severity: severity, features: features, leastShare: leastShare, title: title, cause: cause,
            action: action)
    }

    private static func check(
        _ node: Node, path: String, rule: String, known: [String]?, owners: inout [String: String],
        _ diagnostics: Diagnostics
    ) {
        guard let feature = node.text else { return }
        if let owner = owners[feature] {
            diagnostics.report(
                at: node, path: path, expected: "each feature in one rule",
                found: "\(feature) again (first in \(owner))")
        } else {
            owners[feature] = rule
        }
        if let known, !known.contains(feature) {
            diagnostics.report(
                at: node, path: path, expected: "a feature of the pack's model",
                suggestion: Nearest.match(feature, among: known))
        }
    }
}

extension Kind where T == String {
    /// `bearing.outer_race`: goes into topics, file names and documents.
    fileprivate static var alertCode: Kind<String> {
        Kind.string.map(expected: "a code of small letters, digits, . _ and - (at most 64)") { text in
            let allowed = text.utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
            }
            return allowed && text.utf8.count <= 64 ? text : nil
        }
    }
}

extension Kind where T == LocalizedText {
    /// `{ en: ..., zh-CN: ... }`, both needed: a maintenance team reads one of them.
    fileprivate static func localizedText(_ maxLength: Int) -> Kind<LocalizedText> {
        .mapping { reader in
            let english = reader.required("en", .text(maxLength))
            let chinese = reader.required("zh-CN", .text(maxLength))
            guard let english, let chinese else { return nil }
            return LocalizedText(english: english, chinese: chinese)
        }
    }
}
