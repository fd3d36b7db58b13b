import Plant
import Plots
import Testing

@Suite struct LinePlotTests {
    private func plot(_ points: [(x: Double, y: Double)], scale: LinePlot.Scale = .linear) -> String {
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
            LocalizedText(english: "Outer race", chinese: "外圈"), [LocalizedText(english: "Grease", chinese: "润滑")])
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
