/// A line plot as a self-contained SVG: what a report shows instead of a column of numbers.
package struct LinePlot: Sendable {
    package struct Series: Sendable {
        package var name: String
        /// CSS colour.
        package var color: String
        /// x and y; a NaN y interrupts the line, so that a gap in the data stays a gap.
        package var points: [(x: Double, y: Double)]
        /// What each point is called when it is pointed at; then points are drawn as dots without a line.
        package var dotNames: [String]

        package init(name: String, color: String, points: [(x: Double, y: Double)], dotNames: [String] = []) {
            self.name = name
            self.color = color
            self.points = points
            self.dotNames = dotNames
        }
    }

    /// A vertical mark with a label: an event.
    package struct Mark: Sendable {
        package var x: Double
        package var label: String
        package var color: String

        package init(x: Double, label: String, color: String) {
            self.x = x
            self.label = label
            self.color = color
        }
    }

    package var title: String
    package var xLabel: String
    package var yLabel: String
    package var xScale: PlotScale
    package var yScale: PlotScale
    package var series: [Series]
    package var marks: [Mark]

    package init(
        title: String, xLabel: String, yLabel: String, xScale: PlotScale = .linear, yScale: PlotScale = .linear,
        series: [Series], marks: [Mark] = []
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.xScale = xScale
        self.yScale = yScale
        self.series = series
        self.marks = marks
    }

    /// The picture, scaled by its `viewBox` to the width that the page gives it.
    package func svg(width: Int = 860, height: Int = 300) -> String {
        let all = series.flatMap(\.points).filter { isDrawn($0) }
        let frame = PlotFrame(
            width: Double(width), height: Double(height),
            x: PlotAxis(xScale, all.map(\.x) + marks.map(\.x)), y: PlotAxis(yScale, all.map(\.y), roundsOut: true))
        var parts = [PlotFrame.opening(title, width, height)]
        parts += frame.axes(title: title, xLabel: xLabel, yLabel: yLabel)
        for line in series { parts.append(line.dotNames.isEmpty ? path(line, frame) : dots(line, frame)) }
        for (index, mark) in marks.enumerated() {
            let x = frame.x(mark.x)
            let y = frame.top + 14 + Double(index % 3) * 16
            // A label near the right edge would run out of the picture: it goes to the left of its line.
            let toLeft = x > frame.left + (frame.right - frame.left) * 0.7
            parts.append(
                "<line x1=\"\(short(x))\" x2=\"\(short(x))\" y1=\"\(short(frame.top))\" y2=\"\(short(frame.bottom))\" "
                    + "stroke=\"\(mark.color)\" stroke-dasharray=\"4 3\"/><text x=\"\(short(x + (toLeft ? -5 : 5)))\" "
                    + "y=\"\(short(y))\" fill=\"\(mark.color)\" text-anchor=\"\(toLeft ? "end" : "start")\">"
                    + "\(Markup.escaped(mark.label))</text>")
        }
        parts += frame.legend(series.map { ($0.name, $0.color) })
        parts.append("</svg>")
        return parts.joined(separator: "\n")
    }

    private func isDrawn(_ point: (x: Double, y: Double)) -> Bool { xScale.has(point.x) && yScale.has(point.y) }

    private func dots(_ line: Series, _ frame: PlotFrame) -> String {
        zip(line.points, line.dotNames).filter { isDrawn($0.0) }.map { point, name in
            "<circle cx=\"\(short(frame.x(point.x)))\" cy=\"\(short(frame.y(point.y)))\" r=\"4\" fill=\"\(line.color)\" "
                + "fill-opacity=\"0.75\"><title>\(Markup.escaped(name))</title></circle>"
        }.joined(separator: "\n")
    }

    private func path(_ line: Series, _ frame: PlotFrame) -> String {
        var commands = ""
        var isDrawing = false
        for point in line.points {
            guard isDrawn(point) else {
                isDrawing = false
                continue
            }
            commands += "\(isDrawing ? "L" : "M")\(short(frame.x(point.x))) \(short(frame.y(point.y)))"
            isDrawing = true
        }
        return
            "<path d=\"\(commands)\" fill=\"none\" stroke=\"\(line.color)\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>"
    }
}
