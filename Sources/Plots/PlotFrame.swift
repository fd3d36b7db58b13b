/// How numbers become lengths.
package enum PlotScale: Sendable {
    case linear, logarithmic

    /// Whether a number has a place on it.
    func has(_ value: Double) -> Bool { value.isFinite && (self == .linear || value > 0) }
}

/// Numbers along one side of a picture.
struct PlotAxis {
    let scale: PlotScale
    let range: ClosedRange<Double>
    let ticks: [Double]
    /// Words instead of numbers, one a tick.
    var names: [String]?

    /// - Parameters:
    ///   - roundsOut: the range goes on to the ticks outside.
    ///   - leastStep: between two ticks of a linear axis.
    init(_ scale: PlotScale, _ values: [Double], roundsOut: Bool = false, leastStep: Double = 0) {
        self.scale = scale
        switch scale {
        case .linear:
            let tight = Ticks.range(values)
            ticks = Ticks.linear(tight, leastStep: leastStep)
            range =
                roundsOut
                ? min(
                    tight.lowerBound, ticks.first ?? tight.lowerBound)...max(
                        tight.upperBound, ticks.last ?? tight.upperBound)
                : tight
        case .logarithmic:
            ticks = Ticks.decades(values)
            range = (ticks.first ?? 1)...(ticks.last ?? 10)
        }
    }

    /// Rows with names, the first at 0...1.
    init(rows names: [String]) {
        scale = .linear
        range = 0...Double(max(names.count, 1))
        ticks = names.indices.map { Double($0) + 0.5 }
        self.names = names
    }

    /// 0 at the beginning of the range, 1 at its end.
    func share(_ value: Double) -> Double {
        switch scale {
        case .linear: (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        case .logarithmic:
            (Ticks.log10(value) - Ticks.log10(range.lowerBound))
                / (Ticks.log10(range.upperBound) - Ticks.log10(range.lowerBound))
        }
    }

    func label(_ index: Int) -> String { names?[index] ?? Ticks.label(ticks[index]) }
}

/// Where data lands in the picture, and what stands around it.
struct PlotFrame {
    let left: Double
    let top = 26.0
    let right: Double
    let bottom: Double
    let xAxis: PlotAxis
    let yAxis: PlotAxis

    init(width: Double, height: Double, x: PlotAxis, y: PlotAxis) {
        // Names need the room that they take, up to a third of the picture.
        let widest = (y.names ?? []).map(Self.width).max() ?? 0
        left = min(max(64, widest + 16), width / 3)
        right = width - 14
        bottom = height - 44
        xAxis = x
        yAxis = y
    }

    func x(_ value: Double) -> Double { left + xAxis.share(value) * (right - left) }

    /// Upwards for numbers, downwards for rows, as one reads.
    func y(_ value: Double) -> Double {
        let share = yAxis.share(value)
        return yAxis.names == nil ? bottom - share * (bottom - top) : top + share * (bottom - top)
    }

    static func opening(_ title: String, _ width: Int, _ height: Int) -> String {
        "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\(Markup.escaped(title))\" "
            + "xmlns=\"http://www.w3.org/2000/svg\" font-size=\"12\">"
    }

    func axes(title: String, xLabel: String, yLabel: String) -> [String] {
        var parts = [
            "<text x=\"\(short(left))\" y=\"16\" font-weight=\"600\" fill=\"currentColor\">\(Markup.escaped(title))</text>"
        ]
        for (index, tick) in yAxis.ticks.enumerated() {
            let y = short(y(tick))
            if yAxis.names == nil {
                parts.append(
                    "<line x1=\"\(short(left))\" x2=\"\(short(right))\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"currentColor\" "
                        + "stroke-opacity=\"0.15\"/>")
            }
            parts.append(
                "<text x=\"\(short(left - 6))\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\" fill=\"currentColor\" "
                    + "fill-opacity=\"0.7\">\(Markup.escaped(yAxis.label(index)))</text>")
        }
        for (index, tick) in xAxis.ticks.enumerated() {
            let x = short(x(tick))
            if yAxis.names != nil {
                parts.append(
                    "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(short(top))\" y2=\"\(short(bottom))\" stroke=\"currentColor\" "
                        + "stroke-opacity=\"0.15\"/>")
            }
            parts.append(
                "<text x=\"\(x)\" y=\"\(short(bottom + 16))\" text-anchor=\"middle\" fill=\"currentColor\" "
                    + "fill-opacity=\"0.7\">\(Markup.escaped(xAxis.label(index)))</text>")
        }
        parts.append(
            "<text x=\"\(short((left + right) / 2))\" y=\"\(short(bottom + 34))\" text-anchor=\"middle\" "
                + "fill=\"currentColor\">\(Markup.escaped(xLabel))</text>")
        if !yLabel.isEmpty {
            parts.append(
                "<text transform=\"translate(14 \(short((top + bottom) / 2))) rotate(-90)\" text-anchor=\"middle\" "
                    + "fill=\"currentColor\">\(Markup.escaped(yLabel))</text>")
        }
        return parts
    }

    /// What the colours mean, from the right edge leftwards; nothing where there is one.
    func legend(_ entries: [(name: String, color: String)]) -> [String] {
        guard entries.count > 1 else { return [] }
        var x = right
        return entries.reversed().map { entry in
            x -= Self.width(entry.name) + 28
            return "<line x1=\"\(short(x))\" x2=\"\(short(x + 16))\" y1=\"12\" y2=\"12\" stroke=\"\(entry.color)\" "
                + "stroke-width=\"3\"/><text x=\"\(short(x + 20))\" y=\"16\" fill=\"currentColor\">"
                + "\(Markup.escaped(entry.name))</text>"
        }
    }

    /// About: CJK characters are twice as wide as Latin ones.
    static func width(_ text: String) -> Double {
        text.unicodeScalars.reduce(0.0) { $0 + ($1.value > 0x2E80 ? 12.5 : 6.8) }
    }
}

/// Two decimals are finer than a pixel, and keep a page of plots small.
func short(_ value: Double) -> String { String(describing: (value * 100).rounded() / 100) }
