/// A line plot as a self-contained SVG: what a report shows instead of a column of numbers.
package struct LinePlot: Sendable {
    package struct Series: Sendable {
        package var name: String
        /// CSS colour.
        package var color: String
        /// x and y; a NaN y interrupts the line, so that a gap in the data stays a gap.
        package var points: [(x: Double, y: Double)]

        package init(name: String, color: String, points: [(x: Double, y: Double)]) {
            self.name = name
            self.color = color
            self.points = points
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

    package enum Scale: Sendable { case linear, logarithmic }

    package var title: String
    package var xLabel: String
    package var yLabel: String
    package var yScale: Scale
    package var series: [Series]
    package var marks: [Mark]

    package init(
        title: String, xLabel: String, yLabel: String, yScale: Scale = .linear, series: [Series], marks: [Mark] = []
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.yScale = yScale
        self.series = series
        self.marks = marks
    }

    /// The picture, scaled by its `viewBox` to the width that the page gives it.
    package func svg(width: Int = 860, height: Int = 300) -> String {
        let frame = Frame(width: Double(width), height: Double(height), plot: self)
        var parts: [String] = []
        parts.append(
            "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\(Markup.escaped(title))\" "
                + "xmlns=\"http://www.w3.org/2000/svg\" font-size=\"12\">")
        parts += axes(frame)
        for line in series { parts.append(path(line, frame)) }
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
        parts += legend(frame)
        parts.append("</svg>")
        return parts.joined(separator: "\n")
    }

    private func axes(_ frame: Frame) -> [String] {
        var parts = [
            "<text x=\"\(short(frame.left))\" y=\"16\" font-weight=\"600\" fill=\"currentColor\">\(Markup.escaped(title))</text>"
        ]
        for tick in frame.yTicks {
            let y = short(frame.y(tick))
            parts.append(
                "<line x1=\"\(short(frame.left))\" x2=\"\(short(frame.right))\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"currentColor\" "
                    + "stroke-opacity=\"0.15\"/><text x=\"\(short(frame.left - 6))\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\" "
                    + "fill=\"currentColor\" fill-opacity=\"0.7\">\(Ticks.label(tick))</text>")
        }
        for tick in frame.xTicks {
            let x = short(frame.x(tick))
            parts.append(
                "<text x=\"\(x)\" y=\"\(short(frame.bottom + 16))\" text-anchor=\"middle\" fill=\"currentColor\" "
                    + "fill-opacity=\"0.7\">\(Ticks.label(tick))</text>")
        }
        parts.append(
            "<text x=\"\(short((frame.left + frame.right) / 2))\" y=\"\(short(frame.bottom + 34))\" text-anchor=\"middle\" "
                + "fill=\"currentColor\">\(Markup.escaped(xLabel))</text>")
        parts.append(
            "<text transform=\"translate(14 \(short((frame.top + frame.bottom) / 2))) rotate(-90)\" text-anchor=\"middle\" "
                + "fill=\"currentColor\">\(Markup.escaped(yLabel))</text>")
        return parts
    }

    private func path(_ line: Series, _ frame: Frame) -> String {
        var commands = ""
        var isDrawing = false
        for point in line.points {
            guard point.x.isFinite, point.y.isFinite, yScale == .linear || point.y > 0 else {
                isDrawing = false
                continue
            }
            commands += "\(isDrawing ? "L" : "M")\(short(frame.x(point.x))) \(short(frame.y(point.y)))"
            isDrawing = true
        }
        return
            "<path d=\"\(commands)\" fill=\"none\" stroke=\"\(line.color)\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>"
    }

    private func legend(_ frame: Frame) -> [String] {
        guard series.count > 1 else { return [] }
        var x = frame.right
        return series.reversed().map { line in
            // CJK characters are about twice as wide as Latin ones.
            let width = line.name.unicodeScalars.reduce(0.0) { $0 + ($1.value > 0x2E80 ? 12.5 : 6.8) }
            x -= width + 28
            return "<line x1=\"\(short(x))\" x2=\"\(short(x + 16))\" y1=\"12\" y2=\"12\" stroke=\"\(line.color)\" "
                + "stroke-width=\"3\"/><text x=\"\(short(x + 20))\" y=\"16\" fill=\"currentColor\">"
                + "\(Markup.escaped(line.name))</text>"
        }
    }

    /// Two decimals are finer than a pixel, and keep a page of plots small.
    private func short(_ value: Double) -> String { String(describing: (value * 100).rounded() / 100) }
}

/// Where data lands in the picture.
private struct Frame {
    let left = 64.0
    let top = 26.0
    let right: Double
    let bottom: Double
    let xTicks: [Double]
    let yTicks: [Double]
    private let xRange: ClosedRange<Double>
    private let yRange: ClosedRange<Double>
    private let scale: LinePlot.Scale

    init(width: Double, height: Double, plot: LinePlot) {
        right = width - 14
        bottom = height - 44
        scale = plot.yScale
        let all = plot.series.flatMap(\.points).filter {
            $0.x.isFinite && $0.y.isFinite && (plot.yScale == .linear || $0.y > 0)
        }
        xRange = Ticks.range(all.map(\.x) + plot.marks.map(\.x))
        xTicks = Ticks.linear(xRange)
        switch plot.yScale {
        case .linear:
            let range = Ticks.range(all.map(\.y))
            yTicks = Ticks.linear(range)
            yRange =
                min(
                    range.lowerBound, yTicks.first ?? range.lowerBound)...max(
                    range.upperBound, yTicks.last ?? range.upperBound)
        case .logarithmic:
            yTicks = Ticks.decades(all.map(\.y))
            yRange = (yTicks.first ?? 1)...(yTicks.last ?? 10)
        }
    }

    func x(_ value: Double) -> Double {
        left + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * (right - left)
    }

    func y(_ value: Double) -> Double {
        let share =
            switch scale {
            case .linear: (value - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
            case .logarithmic:
                (Ticks.log10(value) - Ticks.log10(yRange.lowerBound))
                    / (Ticks.log10(yRange.upperBound) - Ticks.log10(yRange.lowerBound))
            }
        return bottom - share * (bottom - top)
    }
}
