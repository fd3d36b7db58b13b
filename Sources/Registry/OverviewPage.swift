import Plant

/// The overview as one HTML page without scripts, pictures or anything from elsewhere.
struct OverviewPage {
    let language: Language
    let now: WallTime
    let devices: [Archive.Device]
    let alerts: [Archive.StoredAlert]
    let models: [Archive.Model]

    /// A device that has not been heard for so long is marked.
    private static let silence: Duration = .seconds(900)

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="\(language.rawValue)"><head><meta charset="utf-8"><title>\(word("Millwright registry", "Millwright 注册中心"))</title>
        <meta name="viewport" content="width=device-width"><style>\(Self.style)</style></head><body>
        <header><h1>\(word("Millwright registry", "Millwright 注册中心"))</h1>
        <p>\(Self.escaped(ISO8601.string(now))) · <a href="?lang=\(word("zh", "en"))">\(word("中文", "English"))</a></p></header>
        <h2>\(word("Devices", "设备"))</h2>\(deviceTable)
        <h2>\(word("Latest alerts", "最新报警"))</h2>\(alertTable)
        <h2>\(word("Models", "模型"))</h2>\(modelTable)
        </body></html>
        """
    }

    private var deviceTable: String {
        let rows = devices.map { device -> String in
            let isSilent = device.seen.map { now - $0 > Self.silence } ?? true
            let seen = device.seen.map { Self.escaped(ISO8601.string($0)) } ?? word("never", "从未")
            return row([
                Self.escaped(device.id), "<span class=\"\(isSilent ? "warning" : "good")\">\(seen)</span>",
                "\(device.rows)", "\(device.highest)",
                device.missing == 0 ? "0" : "<span class=\"warning\">\(device.missing)</span>",
            ])
        }
        return table(
            [
                word("Device", "设备"), word("Last seen", "最近上报"), word("Entries", "条目"), word("Highest number", "最大序号"),
                word("Dropped on the device", "设备侧丢弃"),
            ], rows)
    }

    private var alertTable: String {
        let rows = alerts.map { alert in
            row([
                Self.escaped(alert.raisedAt), Self.escaped(alert.device), Self.escaped(alert.asset),
                "<span class=\"\(Self.severityClass(alert.severity))\">\(severity(alert.severity))</span>",
                state(alert.state), Self.escaped(alert.alert),
            ])
        }
        return table(
            [
                word("Raised", "触发时间"), word("Device", "设备"), word("Machine", "机器"), word("Severity", "级别"),
                word("State", "状态"), word("Alert", "报警编号"),
            ], rows)
    }

    private var modelTable: String {
        let rows = models.map { model in
            let isExpired = model.expires <= now
            return row([
                Self.escaped(model.pack), "\(model.release)",
                "<code>\(Self.escaped(String(model.digest.prefix(16))))</code>",
                Self.escaped(ISO8601.string(model.published)),
                "<span class=\"\(isExpired ? "critical" : "good")\">\(Self.escaped(ISO8601.string(model.expires)))</span>",
            ])
        }
        return table(
            [
                word("Pack", "方案包"), word("Release", "版本"), word("SHA-256", "SHA-256"), word("Published", "发布时间"),
                word("Valid until", "有效期至"),
            ], rows)
    }

    private func table(_ heads: [String], _ rows: [String]) -> String {
        guard !rows.isEmpty else { return "<p class=\"none\">\(word("none yet", "暂无"))</p>" }
        let head = heads.map { "<th>\($0)</th>" }.joined()
        return "<table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
    }

    /// Cells are HTML already.
    private func row(_ cells: [String]) -> String { "<tr>\(cells.map { "<td>\($0)</td>" }.joined())</tr>" }

    private func word(_ english: String, _ chinese: String) -> String { language == .english ? english : chinese }

    private func severity(_ text: String) -> String {
        switch text {
        case "advisory": word("advisory", "提示")
        case "warning": word("warning", "警告")
        case "critical": word("critical", "严重")
        default: Self.escaped(text)
        }
    }

    private func state(_ text: String) -> String {
        switch text {
        case "active": word("active", "未确认")
        case "acknowledged": word("acknowledged", "已确认")
        case "cleared": word("cleared", "已恢复")
        default: Self.escaped(text)
        }
    }

    private static func severityClass(_ text: String) -> String {
        ["advisory", "warning", "critical"].contains(text) ? text : "advisory"
    }

    /// Text as it may stand between tags and in quoted attributes.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static let style = """
        body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
        color:#1b2430;background:#fff}header{display:flex;justify-content:space-between;align-items:baseline}
        h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
        th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d8dee6}th{color:#5a6675;font-weight:600}
        .good{color:#1a7f37}.advisory{color:#0b63b0}.warning{color:#9a5b00}.critical{color:#c01c28;font-weight:600}
        .none{color:#5a6675}@media(prefers-color-scheme:dark){body{color:#dfe5ec;background:#12171d}
        th,td{border-color:#2c3641}.good{color:#57c26d}.advisory{color:#6fb3f2}.warning{color:#e3a84a}.critical{color:#ff7b80}}
        """
}
