/// Rectangles on two axes: a timeline, a memory map, bars.
package struct BlockPlot: Sendable {
    package struct Block: Sendable {
        package var x: ClosedRange<Double>
        /// In rows, number 2 is 2...3.
        package var y: ClosedRange<Double>
        /// CSS colour.
        package var color: String
        /// Shown when it is pointed at.
        package var name: String
        /// Written behind its end.
        package var label: String

        package init(
            x: ClosedRange<Double>, y: ClosedRange<Double>, color: String, name: String, label: String = ""
        ) {
            self.x = x
            self.y = y
            self.color = color
            self.name = name
            self.label = label
        }
    }

    /// What stands along the side.
    package enum Side: Sendable {
        case rows([String])
        case numbers(label: String)
        /// Numbers of things: no half of one stands at the side.
        case counts(label: String)
    }

    package var title: String
    package var xLabel: String
    package var xScale: PlotScale
    package var side: Side
    package var blocks: [Block]
    /// A vertical line with its name, such as the room that there is.
    package var limit: (x: Double, name: String)?
    /// Name and CSS colour.
    package var legend: [(name: String, color: String)]

    package init(
        title: String, xLabel: String, xScale: PlotScale = .linear, side: Side, blocks: [Block],
        limit: (x: Double, name: String)? = nil, legend: [(name: String, color: String)] = []
    ) {
        self.title = title
        self.xLabel = xLabel
        self.xScale = xScale
        self.side = side
        self.blocks = blocks
        self.limit = limit
        self.legend = legend
    }

    /// The picture, scaled by its `viewBox` to the width that the page gives it.
    package func svg(width: Int = 860, height: Int = 300) -> String {
        let drawn = blocks.filter {
            xScale.has($0.x.upperBound) && $0.x.lowerBound.isFinite && $0.y.lowerBound.isFinite
                && $0.y.upperBound.isFinite
        }
        var ends = drawn.flatMap { [$0.x.lowerBound, $0.x.upperBound] } + (limit.map { [$0.x] } ?? [])
        if xScale == .logarithmic { ends = ends.filter { $0 > 0 } }
        let sides = drawn.flatMap { [$0.y.lowerBound, $0.y.upperBound] }
        let (yAxis, yLabel): (PlotAxis, String) =
            switch side {
            case .rows(let names): (PlotAxis(rows: names), "")
            case .numbers(let label): (PlotAxis(.linear, sides, roundsOut: true), label)
            case .counts(let label): (PlotAxis(.linear, sides, roundsOut: true, leastStep: 1), label)
            }
        let frame = PlotFrame(
            width: Double(width), height: Double(height), x: PlotAxis(xScale, ends, roundsOut: true), y: yAxis)
        var parts = [PlotFrame.opening(title, width, height)]
        parts += frame.axes(title: title, xLabel: xLabel, yLabel: yLabel)
        parts += drawn.map { rectangle($0, frame) }
        if let limit {
            let x = short(frame.x(limit.x))
            parts.append(
                "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(short(frame.top))\" y2=\"\(short(frame.bottom))\" stroke=\"#b3261e\" "
                    + "stroke-dasharray=\"4 3\"/><text x=\"\(short(frame.x(limit.x) - 5))\" y=\"\(short(frame.top + 12))\" "
                    + "fill=\"#b3261e\" text-anchor=\"end\">\(Markup.escaped(limit.name))</text>")
        }
        parts += frame.legend(legend)
        parts.append("</svg>")
        return parts.joined(separator: "\n")
    }

    private func rectangle(_ block: Block, _ frame: PlotFrame) -> String {
        // On a logarithmic axis a bar begins where the picture does.
        let start = xScale.has(block.x.lowerBound) ? max(frame.x(block.x.lowerBound), frame.left) : frame.left
        let end = frame.x(block.x.upperBound)
        let (y1, y2) = (frame.y(block.y.lowerBound), frame.y(block.y.upperBound))
        let (top, height) = (min(y1, y2), abs(y2 - y1))
        // A gap between neighbours, where there is room for one.
        let inset = height > 6 ? 1.0 : 0
        let rectangle =
            "<rect x=\"\(short(start))\" y=\"\(short(top + inset))\" width=\"\(short(max(end - start, 0.3)))\" "
            + "height=\"\(short(max(height - 2 * inset, 0.3)))\" fill=\"\(block.color)\">"
            + "<title>\(Markup.escaped(block.name))</title></rect>"
        guard !block.label.isEmpty else { return rectangle }
        // Behind the end, or within it where the picture ends.
        let isOutside = end + PlotFrame.width(block.label) + 8 < frame.right
        return rectangle
            + "<text x=\"\(short(isOutside ? end + 4 : end - 4))\" y=\"\(short(top + height / 2))\" dy=\"4\" "
            + "text-anchor=\"\(isOutside ? "start" : "end")\" fill=\"\(isOutside ? "currentColor" : "#fff")\">"
            + "\(Markup.escaped(block.label))</text>"
    }
}
