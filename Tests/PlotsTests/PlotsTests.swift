import Plant
import Plots
import Testing

@Suite struct LinePlotTests {
    private func plot(_ points: [(x: Double, y: Double)], scale: PlotScale = .linear) -> String {
        LinePlot(
            title: "t", xLabel: "x", yLabel: "y", yScale: scale,
            series: [.init(name: "s", color: "red", points: points)]
        ).svg()
    }

    private func path(_ svg: String) -> String {
        svg.split(separator: "\n").first { $0.hasPrefix("<path") }.map(String.init) ?? ""
    }

    @Test func aGapInTheDataIsAGapInTheLine() {
        let svg = path(plot([(0, 1), (1, .nan), (2, 3)]))
        #expect(svg.filter { $0 == "M" }.count == 2)
        #expect(!svg.contains("L"))
        #expect(!svg.contains("nan"))
    }

    @Test func aLogarithmicPlotLeavesOutWhatHasNoLogarithm() {
        let svg = path(plot([(0, 1), (1, 0), (2, -1), (3, 10)], scale: .logarithmic))
        #expect(svg.filter { $0 == "M" }.count == 2)
        #expect(!svg.contains("inf"))
    }

    @Test(arguments: [[], [(x: 1.0, y: 2.0)], [(x: 1.0, y: 2.0), (x: 1.0, y: 2.0)]] as [[(x: Double, y: Double)]])
    func degenerateDataIsDrawn(_ points: [(x: Double, y: Double)]) {
        let svg = plot(points)
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        #expect(svg.hasSuffix("</svg>"))
    }

    @Test func namesFromOutsideCannotBecomeMarkup() {
        let svg = LinePlot(
            title: "<script>", xLabel: "a&b", yLabel: "\"", series: [],
            marks: [.init(x: 0, label: "</text><script>", color: "red")]
        ).svg()
        #expect(!svg.contains("<script>"))
        #expect(svg.contains("a&amp;b"))
    }
}

@Suite struct PageTests {
    @Test func bothLanguagesAreInThePageAndTheWantedOneShowsFirst() {
        var page = Page(title: LocalizedText(english: "Report", chinese: "报告"), language: .chinese)
        page.callout(
            LocalizedText(english: "Outer race", chinese: "外圈"), [LocalizedText(english: "Grease", chinese: "润滑")],
            tone: .alarm)
        page.table([LocalizedText(english: "k", chinese: "键")], [["<b>"]])
        let html = page.html()
        for text in ["Report", "报告", "Outer race", "外圈", "Grease", "润滑", "&lt;b&gt;"] { #expect(html.contains(text)) }
        #expect(html.contains("<html lang=\"zh-CN\">"))
        #expect(html.contains("id=\"language-zh-CN\" checked"))
        #expect(!html.contains("id=\"language-en\" checked"))
    }

    @Test func nothingIsLoadedFromElsewhere() {
        let html = Page(title: LocalizedText(english: "a", chinese: "b"), language: .english).html()
        for word in ["<script", "http://", "https://", "@import", "url("] { #expect(!html.contains(word)) }
    }
}

@Suite struct BlockPlotTests {
    private func plot(
        _ blocks: [BlockPlot.Block], scale: PlotScale = .linear, side: BlockPlot.Side = .rows(["a", "b"])
    )
        -> String
    {
        BlockPlot(title: "t", xLabel: "x", xScale: scale, side: side, blocks: blocks, limit: (8, "most")).svg()
    }

    private func numbers(_ svg: String, _ attribute: String) -> [Double] {
        svg.split(separator: "<rect").dropFirst().compactMap { part in
            part.split(separator: " \(attribute)=\"").dropFirst().first?.split(separator: "\"").first.flatMap {
                Double($0)
            }
        }
    }

    @Test func rowsGoDownwardsAndLengthsAreInProportion() {
        let svg = plot([
            .init(x: 0...4, y: 0...1, color: "red", name: "one"), .init(x: 0...2, y: 1...2, color: "red", name: "two"),
        ])
        let (tops, widths) = (numbers(svg, "y"), numbers(svg, "width"))
        #expect(tops.count == 2 && tops[0] < tops[1])
        #expect(abs(widths[0] - 2 * widths[1]) < 0.05)
        #expect(svg.contains(">most</text>") && svg.contains("<title>one</title>"))
    }

    @Test func numbersGoUpwards() {
        let svg = plot(
            [
                .init(x: 0...1, y: 0...1, color: "red", name: "low"),
                .init(x: 0...1, y: 5...6, color: "red", name: "high"),
            ], side: .numbers(label: "KiB"))
        let tops = numbers(svg, "y")
        #expect(tops[1] < tops[0])
    }

    @Test func thereIsNoHalfOfAThing() {
        let few = [BlockPlot.Block(x: 0...1, y: 0...2, color: "red", name: "two")]
        #expect(plot(few, side: .numbers(label: "parts")).contains(">0.5</text>"))
        let svg = plot(few, side: .counts(label: "parts"))
        #expect(svg.contains(">2</text>") && svg.contains(">1</text>"))
        #expect(!svg.contains(">1.5</text>"))
    }

    @Test func aLogarithmicBarBeginsAtTheEdgeAndOneWithoutALogarithmIsLeftOut() {
        let svg = plot(
            [
                .init(x: 0...100, y: 0...1, color: "red", name: "one", label: "100"),
                .init(x: 0...0, y: 1...2, color: "red", name: "none"),
            ], scale: .logarithmic)
        #expect(numbers(svg, "width").count == 1)
        #expect(!svg.contains("nan") && !svg.contains("inf"))
    }

    @Test func nothingToDrawIsAnEmptyPicture() {
        #expect(plot([]).hasSuffix("</svg>"))
        #expect(!plot([.init(x: 0 ... .infinity, y: 0...1, color: "red", name: "n")]).contains("inf"))
    }
}
