package import Plant

/// The table "runs on" of the READMEs: for each chip how far its profile goes.
package enum RunsOnTable {
    /// Rows of one vendor with the same reach and contract are one row; the farthest stand first.
    package static func markdown(_ profiles: [ChipProfile], language: Language) -> String {
        let words = Words(language)
        var rows: [Row] = []
        for reach in Reach.allCases {
            for profile in profiles where profile.reach == reach {
                let contract = profile.contract?.value
                if let index = rows.firstIndex(where: {
                    $0.vendor == profile.vendor && $0.reach == reach && $0.contract == contract
                        && $0.isCPU == profile.isCPU
                }) {
                    rows[index].names.append(profile.name)
                } else {
                    rows.append(
                        Row(
                            vendor: profile.vendor, names: [profile.name], reach: reach, contract: contract,
                            isCPU: profile.isCPU))
                }
            }
        }
        let lines = rows.map { row in
            let chips = "\(row.title(separator: words.comma))\(row.isCPU ? words.cpu : "")"
            let contract = row.contract.map { "`\($0)`" } ?? (row.isCPU ? words.plan : words.none)
            return "| \(chips) | \(words.reach(row.reach)) | \(contract) |"
        }
        return ([words.header, "|---|---|---|"] + lines).joined(separator: "\n")
    }

    private struct Row {
        var vendor: String
        var names: [String]
        var reach: Reach
        var contract: String?
        var isCPU: Bool

        /// `Rockchip RK3562, RK3566`; the vendor once.
        func title(separator: String) -> String {
            let text = names.joined(separator: separator)
            return text.hasPrefix(vendor) ? text : "\(vendor) \(text)"
        }
    }

    private struct Words {
        var header: String
        var comma: String
        var cpu: String
        var none: String
        var plan: String
        private var bitExact: String
        private var contractKnown: String
        private var factsOnly: String

        init(_ language: Language) {
            switch language {
            case .english:
                (header, comma, cpu) = ("| chip | how far | numeric contract |", ", ", " (CPU)")
                (none, plan) = ("none", "the plan's own")
                (bitExact, contractKnown, factsOnly) = (
                    "bit-exact to vendor simulator", "contract known", "facts only"
                )
            case .chinese:
                (header, comma, cpu) = ("| 芯片 | 程度 | 数值约定 |", "、", "（CPU）")
                (none, plan) = ("无", "计划自带的约定")
                (bitExact, contractKnown, factsOnly) = ("与厂商仿真器逐位一致", "数值约定已知", "仅有资料数据")
            }
        }

        func reach(_ reach: Reach) -> String {
            switch reach {
            case .bitExact: bitExact
            case .contractKnown: contractKnown
            case .factsOnly: factsOnly
            }
        }
    }
}

extension ChipProfile {
    /// Whether Millwright's own kernels run on it, and no accelerator.
    package var isCPU: Bool { engine == .vectorUnit }
}
