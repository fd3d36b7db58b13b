import Plant

/// What an alert of a station says: what was seen, why that may be, what to do.
struct StationAlertTexts {
    var title: LocalizedText
    var cause: LocalizedText
    var action: LocalizedText

    init(_ kind: StationAlertEngine.Kind, _ reading: StationAlertEngine.Reading, evidence: String?) {
        let (count, of, name) = (reading.count, reading.of, reading.name)
        switch kind {
        case .rejectRate:
            title = LocalizedText(
                english: "\(count) of the last \(of) parts rejected", chinese: "最近 \(of) 个工件中有 \(count) 个被剔除")
            cause = LocalizedText(
                english: "The process has changed, or what good parts look like has. Most frequent: \(name).",
                chinese: "工艺发生变化，或合格件外观发生变化。最多的类别：\(name)。")
            action = LocalizedText(
                english:
                    "Look at the rejected parts. If they are good, say so with `millwright inspect feedback good`.",
                chinese: "检查被剔除的工件。若为合格件，请用 `millwright inspect feedback good` 反馈。")
        case .burst:
            title = LocalizedText(
                english: "\(count) of the last \(of) parts with the same defect: \(name)",
                chinese: "最近 \(of) 个工件中有 \(count) 个出现同一缺陷：\(name)")
            cause = LocalizedText(
                english: "The same defect again and again comes from one place: a tool, a roll, a mould, a nest.",
                chinese: "同一缺陷反复出现，多来自同一处：刀具、轧辊、模具或工位。")
            action = LocalizedText(
                english:
                    "Stop before more parts are made, compare where the defect lies on them, and look at that tool.",
                chinese: "先停止生产，比较缺陷在工件上的位置，并检查相应的工装。")
        case .drift:
            title = LocalizedText(
                english: "Good parts look less and less like those that were learnt", chinese: "合格件外观逐渐偏离学习时的样本")
            cause = LocalizedText(
                english:
                    "The lamp ages, the lens gets dirty, material or tool wears. No part is called bad for it yet.",
                chinese: "光源老化、镜头脏污、材料或工装磨损。目前尚未因此误判工件。")
            action = LocalizedText(
                english:
                    "Clean the lens, look at the light, compare a part of today with one of the fit; then fit again.",
                chinese: "清洁镜头，检查光源，将今天的工件与学习时的工件比较，必要时重新学习。")
        case .notJudged:
            title = LocalizedText(
                english: "\(count) of the last \(of) parts not judged: \(name)",
                chinese: "最近 \(of) 个工件中有 \(count) 个未判定：\(name)")
            (cause, action) = Self.trouble(name)
        }
        guard let evidence else { return }
        cause.english += " Newest picture: \(evidence)."
        cause.chinese += "最新图片：\(evidence)。"
    }

    /// - Parameter code: why most of the parts were not judged.
    private static func trouble(_ code: String) -> (cause: LocalizedText, action: LocalizedText) {
        switch code {
        case "picture.missing":
            (
                LocalizedText(
                    english: "Parts are announced and no picture comes: the camera or its link is off, or too slow.",
                    chinese: "工件已到位但没有图片：相机或其连接断开，或速度过慢。"),
                LocalizedText(
                    english:
                        "Look at the camera's link in `millwright status`; raise trigger.within if pictures come late.",
                    chinese: "在 `millwright status` 中查看相机连接；若图片到得晚，请加大 trigger.within。")
            )
        case "part.late":
            (
                LocalizedText(
                    english: "The box is too slow for the budget, or has something else to do.",
                    chinese: "设备无法在规定时间内完成判定，或被其他任务占用。"),
                LocalizedText(
                    english: "Look at the latency in `millwright status`; send smaller pictures, or raise the budget.",
                    chinese: "在 `millwright status` 中查看延迟；使用更小的图片，或放宽 budget。")
            )
        case "recipe.unknown":
            (
                LocalizedText(
                    english: "The line makes a part for which there is no model.", chinese: "产线正在生产没有对应模型的工件。"),
                LocalizedText(
                    english: "Fit a model for it and add it to the recipes.", chinese: "为该工件学习模型并加入 recipes。")
            )
        default:
            (
                LocalizedText(
                    english: "Lamp, exposure, lens or position are not what they were when good parts were learnt.",
                    chinese: "光源、曝光、镜头或位置与学习合格件时不同。"),
                LocalizedText(
                    english: "Look at the newest picture, then at the lamp, the lens and how the part lies.",
                    chinese: "先看最新图片，再检查光源、镜头和工件位置。")
            )
        }
    }
}
