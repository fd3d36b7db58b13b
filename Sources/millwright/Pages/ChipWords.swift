import Deployment
import Plant
import Profiles

/// What profiles and deployments are called, in the languages of pages.
enum ChipWords {
    static func reach(_ reach: Reach) -> LocalizedText {
        switch reach {
        case .bitExact: .init(english: reach.words, chinese: "与厂商仿真器逐位一致")
        case .contractKnown: .init(english: reach.words, chinese: "数值约定已知")
        case .factsOnly: .init(english: reach.words, chinese: "仅有资料数据")
        }
    }

    static func limit(_ limit: LayerEstimate.Limit) -> LocalizedText {
        switch limit {
        case .compute: .init(english: "compute", chinese: "计算")
        case .bandwidth: .init(english: "bandwidth", chinese: "带宽")
        case .overhead: .init(english: "multipliers not filled", chinese: "阵列未填满")
        }
    }

    static func placement(_ placement: Placement) -> LocalizedText {
        let chinese =
            switch placement {
            case .npu: "NPU"
            case .npuFloat16: "NPU，float16"
            case .cpu: "CPU"
            case .unverified: "未经证实"
            case .host: "CPU"
            }
        return .init(english: placement.words, chinese: chinese)
    }

    static func answer(_ fits: Bool?) -> LocalizedText {
        switch fits {
        case true?: .init(english: "yes", chinese: "能")
        case false?: .init(english: "no", chinese: "不能")
        case nil: .init(english: "not known", chinese: "未知")
        }
    }

    private static let cells = [
        "yes": "能", "no": "不能", "?": "未知", "not known": "未知", "all": "全部", "the plan's own": "计划自带的约定",
        Reach.bitExact.words: "与厂商仿真器逐位一致", Reach.contractKnown.words: "数值约定已知",
        Reach.factsOnly.words: "仅有资料数据",
    ]

    /// A cell of the comparison's table.
    static func cell(_ english: String) -> LocalizedText {
        LocalizedText(
            english: english, chinese: cells[english] ?? english.replacing(" unverified", with: " 层未经证实"))
    }

    static func remark(_ remark: ContractScope.Remark) -> LocalizedText {
        let chinese =
            switch remark {
            case .activationZeroPoints(let chipHasUnsigned):
                "激活值带零点，而该芯片的零点为 0" + (chipHasUnsigned ? "（uint8 时相当于 -128）" : "")
            case .weightZeroPoints: "权重带零点，而该芯片的权重没有零点"
            case .scalePerChannel: "每个通道各有一个权重比例，而该芯片每个张量只有一个"
            case .depth(let depth, let most): "求和项数为 \(depth)，超过 \(most) 时厂商工具会分段并在中间取整"
            }
        return .init(english: remark.description, chinese: chinese)
    }

    /// What a star behind an accuracy means.
    static func beyond(_ remarks: [ContractScope.Remark]) -> LocalizedText {
        let words = remarks.map(remark)
        return .init(
            english: "* The model has what the chip's tools do not make, so that nothing was compared: "
                + words.map(\.english).joined(separator: "; ")
                + ". `model quantize --profile` makes the chip's own forms of a float model.",
            chinese: "* 模型包含该芯片工具不会生成的形式，因此未作比对：" + words.map(\.chinese).joined(separator: "；")
                + "。`model quantize --profile` 可由浮点模型生成该芯片自己的形式。")
    }

    /// The chip with its vendor, once where both have one name.
    static func name(_ profile: ChipProfile) -> String {
        profile.name.hasPrefix(profile.vendor) ? profile.name : "\(profile.vendor) \(profile.name)"
    }
}

/// As its words, so that reports are read without a table.
extension ContractScope.Remark: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension LocalizedText {
    /// The same in both languages: names, numbers.
    static func same(_ text: String) -> LocalizedText { LocalizedText(english: text, chinese: text) }
}
