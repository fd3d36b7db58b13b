import Deployment
import Graph
import Plant
import Plots
import Profiles
import Runtime

/// What a model takes on a chip, to look at: timeline, roofline, memory, the table of layers, and where figures come from.
struct DeploymentPage {
    private let deployment: Deployment
    private let plan: Plan
    private let report: DeploymentReport
    private let model: String
    private let schedule: Schedule?
    private var profile: ChipProfile { deployment.profile }

    init(_ deployment: Deployment, _ plan: Plan, _ report: DeploymentReport, model: String) {
        self.deployment = deployment
        self.plan = plan
        self.report = report
        self.model = model
        schedule = deployment.schedule
    }

    func html(_ language: Language) -> String {
        var page = Page(
            title: .init(
                english: "\(model) on \(ChipWords.name(profile))", chinese: "\(ChipWords.name(profile)) 上的 \(model)"),
            language: language)
        page.paragraph(
            .init(
                english:
                    "Reckoned from the chip's profile alone; no board was asked. \">=\" means that something which "
                    + "takes time has no figure, so that the chip takes at least as long.",
                chinese: "仅由芯片档案推算，未经任何开发板验证。“>=” 表示有耗时环节缺少数据，芯片实际用时不会少于此值。"))
        page.facts(facts)
        beyond(&page)
        timeline(&page)
        limits(&page)
        roofline(&page)
        memory(&page)
        layers(&page)
        page.heading(.init(english: "Where the figures come from", chinese: "数据来源"))
        for source in sources { page.paragraph(.init(english: source, chinese: source)) }
        return page.html()
    }

    // MARK: what it is

    private var facts: [(name: LocalizedText, value: LocalizedText)] {
        let time = DeploymentReport.figure(
            report.milliseconds, isAtLeast: report.is_at_least, decimals: 3, unit: " ms")
        let energy = DeploymentReport.figure(
            report.millijoules, isAtLeast: report.is_at_least, decimals: 3, unit: " mJ")
        let cpu = deployment.onCPU.count
        return [
            (.init(english: "chip", chinese: "芯片"), .same(ChipWords.name(profile))),
            (.init(english: "how far", chinese: "可信程度"), ChipWords.reach(profile.reach)),
            (.init(english: "numeric contract", chinese: "数值约定"), .same(report.contract)),
            (
                .init(english: "fits the memory beside the multipliers", chinese: "能否放入片上存储"),
                ChipWords.answer(report.fits)
            ),
            (.init(english: "time of an inference, one core", chinese: "单核单次推理用时"), .same(time)),
            (.init(english: "energy", chinese: "能耗"), .same(energy)),
            (
                .init(english: "cycles by the chip's rule; scheduled tile by tile", chinese: "按规则估算的周期数；按分块调度的周期数"),
                .same(
                    "\(report.npu_cycles.map { "\($0)" } ?? "-"); "
                        + (report.scheduled_cycles.map { Format.fixed($0, 0) } ?? "-"))
            ),
            (.init(english: "DRAM traffic", chinese: "DRAM 读写量"), .same(Format.bytes(Int64(report.dram_bytes)))),
            (
                .init(english: "multipliers used", chinese: "乘法阵列利用率"),
                .same(report.utilization.map { Format.fixed($0 * 100, 0) + " %" } ?? "-")
            ),
            (
                .init(english: "layers; of them on the CPU; unverified", chinese: "层数；其中在 CPU 上；未经证实"),
                .same("\(deployment.layers.count); \(cpu); \(deployment.unverified.count)")
            ),
            (
                .init(english: "crossings between NPU and CPU", chinese: "NPU 与 CPU 间的切换"),
                .same("\(deployment.crossings), \(Format.bytes(Int64(deployment.crossingBytes)))")
            ),
        ]
    }

    /// Where the contract was compared with nothing.
    private func beyond(_ page: inout Page) {
        let layers = deployment.layers
        let remarks = layers.flatMap(\.beyondContract).reduce(into: [ContractScope.Remark]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        guard !remarks.isEmpty else { return }
        let lines = remarks.map { remark in
            let numbers = layers.filter { $0.beyondContract.contains(remark) }.map { "\($0.number)" }
                .joined(separator: ", ")
            let words = ChipWords.remark(remark)
            return LocalizedText(
                english: "Layer \(numbers): \(words.english).", chinese: "第 \(numbers) 层：\(words.chinese)。")
        }
        page.callout(
            .init(english: "Not compared with the chip's tools", chinese: "未与厂商工具比对的部分"),
            lines + [
                .init(
                    english: "`millwright model quantize --profile` makes the chip's own forms of a float model.",
                    chinese: "`millwright model quantize --profile` 可由浮点模型生成该芯片自己的量化形式。")
            ], tone: .note)
    }

    private var sources: [String] {
        deployment.layers.flatMap(\.estimate.basis).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    // MARK: pictures

    /// Neighbours apart, the same layer alike in every lane.
    private static let colors = [
        "#3366cc", "#e8710a", "#12805c", "#a142f4", "#b3261e", "#5f6368", "#00838f", "#7a8b00",
    ]
    private static func color(_ layer: Int) -> String { colors[layer % colors.count] }

    private func timeline(_ page: inout Page) {
        page.heading(.init(english: "Timeline", chinese: "时间线"))
        guard let schedule else {
            page.paragraph(
                .init(
                    english:
                        "None: how much memory there is beside the multipliers, how fast data moves, or how the chip "
                        + "multiplies is not known.",
                    chinese: "无：片上存储容量、数据搬运速度或乘法方式未知。"))
            return
        }
        page.paragraph(
            .init(
                english:
                    "One core; every buffer twice, so that a tile is fetched while the one before it is worked on. "
                    + "A colour is a layer; point at a block for its name.",
                chinese: "单核；每个缓冲区均为双份，在处理一个分块的同时预取下一个。每种颜色代表一层，指向色块可查看名称。"))
        let scale = profile.clockHertz.map { 1e6 / $0.value }
        page.figure { language in
            let isChinese = language == .chinese
            let rows: [(Schedule.Action, String)] = [
                (.compute, isChinese ? "乘法阵列" : "multipliers"), (.fetchWeights, isChinese ? "读取权重" : "fetch weights"),
                (.fetchInput, isChinese ? "读取输入" : "fetch input"), (.store, isChinese ? "写回结果" : "store results"),
            ]
            let blocks = merged(schedule.events).map { event in
                let row = Double(rows.firstIndex { $0.0 == event.action } ?? 0)
                let layer = deployment.layers[event.layer]
                return BlockPlot.Block(
                    x: event.start * (scale ?? 1)...event.end * (scale ?? 1), y: row + 0.1...row + 0.9,
                    color: Self.color(event.layer),
                    name:
                        "\(layer.number) \(layer.operation) \(layer.name): \(Format.fixed(event.end - event.start, 0)) "
                        + (isChinese ? "周期" : "cycles"))
            }
            let unit = scale == nil ? (isChinese ? "NPU 周期" : "NPU cycles") : (isChinese ? "微秒" : "microseconds")
            return BlockPlot(
                title: isChinese ? "分块调度" : "Tiles in time", xLabel: unit, side: .rows(rows.map(\.1)), blocks: blocks
            ).svg(height: 220)
        }
    }

    /// Tiles of a layer that follow each other without a gap that could be seen are one block.
    private func merged(_ events: [Schedule.Event]) -> [Schedule.Event] {
        let gap = (schedule?.cycles ?? 0) / 2_000
        var lanes: [Schedule.Action: [Schedule.Event]] = [:]
        for event in events {
            var lane = lanes[event.action] ?? []
            if let last = lane.last, last.layer == event.layer, event.start - last.end <= gap {
                lane[lane.count - 1].end = event.end
            } else {
                lane.append(event)
            }
            lanes[event.action] = lane
        }
        return lanes.values.flatMap { $0 }
    }

    private static let limitColors: [LayerEstimate.Limit: String] = [
        .compute: "#12805c", .bandwidth: "#3366cc", .overhead: "#e8710a",
    ]

    private static let unknownColor = "#9aa0a6"

    private func limits(_ page: inout Page) {
        let timed = deployment.layers.filter { $0.estimate.seconds != nil || $0.estimate.engineCycles != nil }
        guard !timed.isEmpty else { return }
        page.heading(.init(english: "What each layer takes, and what limits it", chinese: "各层用时及其瓶颈"))
        let hasSeconds = timed.contains { $0.estimate.seconds != nil }
        page.figure { language in
            let isChinese = language == .chinese
            let names = [LayerEstimate.Limit.compute, .bandwidth, .overhead].map { ($0, ChipWords.limit($0)[language]) }
            let blocks = timed.enumerated().map { row, layer in
                let value =
                    hasSeconds
                    ? (layer.estimate.seconds ?? 0) * 1e6
                    : max(Double(layer.estimate.engineCycles ?? 0), layer.estimate.dramCycles ?? 0)
                return BlockPlot.Block(
                    x: 0...value, y: Double(row) + 0.1...Double(row) + 0.9,
                    color: layer.estimate.limit.flatMap { Self.limitColors[$0] } ?? Self.unknownColor,
                    name: "\(layer.name): \(layer.estimate.limit?.rawValue ?? "-")",
                    label: Format.fixed(value, value < 1 ? 3 : 1))
            }
            return BlockPlot(
                title: "",
                xLabel: hasSeconds
                    ? (isChinese ? "微秒" : "microseconds")
                    : (isChinese ? "周期（取乘法与搬运中较大者）" : "cycles: the larger of multiplying and moving"),
                side: .rows(timed.map { "\($0.number) \($0.operation)" }), blocks: blocks,
                legend: names.map { ($0.1, Self.limitColors[$0.0] ?? "") } + [
                    (ChipWords.answer(nil)[language], Self.unknownColor)
                ]
            ).svg(height: timed.count * 18 + 80)
        }
    }

    private func roofline(_ page: inout Page) {
        guard let most = profile.engine?.multiplicationsPerCycle, let rate = profile.movedBytesPerCycle else { return }
        let products = deployment.layers.filter { $0.work.multiplyAdds > 0 && $0.estimate.engineCycles != nil }
        guard !products.isEmpty else { return }
        page.heading(.init(english: "Roofline", chinese: "屋顶线"))
        page.paragraph(
            .init(
                english:
                    "A dot is a layer. Below the sloping roof the DRAM is the limit, below the flat one the multipliers; "
                    + "far below both the layer does not fill them.",
                chinese: "每个点代表一层。斜线之下受 DRAM 带宽限制，平线之下受乘法阵列限制；远低于两者说明该层未填满阵列。"))
        let points = products.map { layer -> (x: Double, y: Double) in
            let cycles = max(Double(layer.estimate.engineCycles ?? 1), Double(layer.estimate.dramBytes) / rate.value)
            return (
                Double(layer.work.multiplyAdds) / Double(layer.estimate.dramBytes),
                Double(layer.work.multiplyAdds) / cycles
            )
        }
        let names = zip(products, points).map { layer, point in
            "\(layer.number) \(layer.name): \(Format.fixed(point.x, 1)) MAC/B, \(Format.fixed(point.y, 1)) MAC/cycle"
        }
        let ridge = Double(most) / rate.value
        let left = min(points.map(\.x).min() ?? 1, ridge / 10)
        let right = max(points.map(\.x).max() ?? 1, ridge * 10)
        page.figure { language in
            let isChinese = language == .chinese
            return LinePlot(
                title: "", xLabel: isChinese ? "每字节 DRAM 读写的乘加次数" : "multiply-adds a byte of DRAM traffic",
                yLabel: isChinese ? "每周期乘加次数" : "multiply-adds a cycle", xScale: .logarithmic, yScale: .logarithmic,
                series: [
                    .init(
                        name: isChinese ? "上限" : "roof", color: "#b3261e",
                        points: [(left, left * rate.value), (ridge, Double(most)), (right, Double(most))]),
                    .init(name: isChinese ? "各层" : "layers", color: "#3366cc", points: points, dotNames: names),
                ]
            ).svg(height: 360)
        }
    }

    private func memory(_ page: inout Page) {
        page.heading(.init(english: "Memory", chinese: "存储"))
        let cut = deployment.layers.compactMap { layer -> (Deployment.Layer, Tiling)? in
            if case .fits(let tiling) = layer.tiling { (layer, tiling) } else { nil }
        }
        if let room = profile.onChipBytes, !cut.isEmpty {
            page.figure { language in chipMemory(cut, room: room.value, isChinese: language == .chinese) }
        }
        page.figure { language in
            let isChinese = language == .chinese
            let blocks = plan.arenaPlaces.map { place in
                let tensor = plan.tensors[place.tensor]
                return BlockPlot.Block(
                    x: Double(place.steps.lowerBound)...Double(place.steps.upperBound + 1),
                    y: Double(place.bytes.lowerBound) / 1_024...Double(place.bytes.upperBound) / 1_024,
                    color: Self.color(place.tensor), name: "\(tensor.name) \(tensor.shape): \(tensor.byteCount) B")
            }
            return BlockPlot(
                title: isChinese ? "DRAM 中的激活：何时存在、位于何处" : "Activations in DRAM: when they are alive, and where",
                xLabel: isChinese ? "层" : "layer", side: .numbers(label: "KiB"), blocks: blocks
            ).svg(height: 320)
        }
    }

    private func chipMemory(_ cut: [(Deployment.Layer, Tiling)], room: Int, isChinese: Bool) -> String {
        let all: [(name: String, color: String, bytes: KeyPath<Tiling.Pieces, Int>)] = [
            (isChinese ? "输入 ×2" : "input, twice", "#3366cc", \.input),
            (isChinese ? "权重 ×2" : "weights, twice", "#e8710a", \.weights),
            (isChinese ? "残差 ×2" : "residual, twice", "#a142f4", \.residual),
            (isChinese ? "输出 ×2" : "output, twice", "#12805c", \.output),
        ]
        let kinds = all.filter { kind in cut.contains { $0.1.pieces[keyPath: kind.bytes] > 0 } }
        var blocks: [BlockPlot.Block] = []
        for (row, (layer, tiling)) in cut.enumerated() {
            var start = 0.0
            for kind in kinds {
                let bytes = Double(2 * tiling.pieces[keyPath: kind.bytes]) / 1_024
                guard bytes > 0 else { continue }
                blocks.append(
                    .init(
                        x: start...start + bytes, y: Double(row) + 0.1...Double(row) + 0.9, color: kind.color,
                        name: "\(layer.name): \(kind.name), \(Format.fixed(bytes, 1)) KiB"))
                start += bytes
            }
        }
        return BlockPlot(
            title: isChinese ? "乘法阵列旁的存储" : "Beside the multipliers", xLabel: "KiB",
            side: .rows(cut.map { "\($0.0.number) \($0.0.operation)" }), blocks: blocks,
            limit: (Double(room) / 1_024, isChinese ? "容量" : "all there is"), legend: kinds.map { ($0.name, $0.color) }
        ).svg(height: cut.count * 18 + 80)
    }

    private func layers(_ page: inout Page) {
        page.heading(.init(english: "Layers", chinese: "各层明细"))
        page.table(
            [
                .init(english: "layer", chinese: "层"), .init(english: "operation", chinese: "运算"),
                .init(english: "shape", chinese: "形状"), .init(english: "runs on", chinese: "运行于"),
                .init(english: "NPU cycles", chinese: "NPU 周期"), .init(english: "DRAM bytes", chinese: "DRAM 字节"),
                .init(english: "us", chinese: "微秒"), .init(english: "mJ", chinese: "毫焦"),
                .init(english: "used", chinese: "利用率"), .init(english: "limit", chinese: "瓶颈"),
                .init(english: "tile (rows x columns x channels), tiles", chinese: "分块（行×列×通道），块数"),
            ],
            rows: zip(deployment.layers, report.layers).map { own, layer in
                [
                    .same("\(layer.number)"), .same(layer.operation),
                    .same(layer.shape.map { "\($0)" }.joined(separator: "x")), ChipWords.placement(own.placement),
                    .same(layer.npu_cycles.map { "\($0)" } ?? "-"), .same("\(layer.dram_bytes)"),
                    .same(DeploymentReport.figure(layer.microseconds, isAtLeast: layer.is_at_least, decimals: 1)),
                    .same(layer.millijoules.map { Format.fixed($0, 4) } ?? "-"),
                    .same(layer.utilization.map { Format.fixed($0 * 100, 0) + " %" } ?? "-"),
                    own.estimate.limit.map(ChipWords.limit) ?? .same("-"),
                    .same(
                        layer.tile.map { $0.map { "\($0)" }.joined(separator: "x") + ", \(layer.tiles ?? 0)" } ?? "-"),
                ]
            }, isWide: true)
    }
}
