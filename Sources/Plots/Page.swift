package import Plant

/// Text made safe for HTML and SVG.
package enum Markup {
    package static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

/// A self-contained HTML page in two languages: no script, no font, no picture from elsewhere, so that it opens from a stick.
package struct Page: Sendable {
    /// What a call-out means to who reads it.
    package enum Tone: String, Sendable { case alarm, note, fine }

    package var title: LocalizedText
    package var language: Language
    private var body: [String] = []

    package init(title: LocalizedText, language: Language) {
        self.title = title
        self.language = language
    }

    package mutating func heading(_ text: LocalizedText) { body.append("<h2>\(both(text, "span"))</h2>") }
    package mutating func paragraph(_ text: LocalizedText) { body.append(both(text, "p")) }

    /// A call-out: what the reader should see first.
    package mutating func callout(_ title: LocalizedText, _ lines: [LocalizedText], tone: Tone) {
        body.append(
            "<section class=\"callout \(tone.rawValue)\"><h3>\(both(title, "span"))</h3>"
                + "\(lines.map { both($0, "p") }.joined())</section>")
    }

    /// One picture a language, since its labels are in it.
    package mutating func figure(_ picture: (Language) -> String) {
        let each = Language.allCases.map { "<div lang=\"\($0.rawValue)\">\(picture($0))</div>" }
        body.append("<figure>\(each.joined())</figure>")
    }

    /// Pictures that belong together, with what they show.
    package struct Card: Sendable {
        package var caption: String
        /// PNG files as base64, beside each other.
        package var pictures: [String]

        package init(caption: String, pictures: [String]) {
            self.caption = caption
            self.pictures = pictures
        }
    }

    /// Cards in rows, as many as fit.
    package mutating func gallery(_ cards: [Card]) {
        let each = cards.map { card in
            let pictures = card.pictures.map { "<img alt=\"\" src=\"data:image/png;base64,\($0)\">" }.joined()
            return "<figure>\(pictures)<figcaption>\(Markup.escaped(card.caption))</figcaption></figure>"
        }
        body.append("<div class=\"gallery\">\(each.joined(separator: "\n"))</div>")
    }

    /// - Parameter isWide: keeps each cell on one line and lets the reader move the table sideways.
    package mutating func table(_ head: [LocalizedText], _ rows: [[String]], isWide: Bool = false) {
        table(head, rows: rows.map { $0.map { LocalizedText(english: $0, chinese: $0) } }, isWide: isWide)
    }

    /// With cells in both languages.
    package mutating func table(_ head: [LocalizedText], rows: [[LocalizedText]], isWide: Bool = false) {
        let cells = head.map { "<th>\(both($0, "span"))</th>" }.joined()
        let lines = rows.map { "<tr>\($0.map { "<td>\(cell($0))</td>" }.joined())</tr>" }.joined(separator: "\n")
        let table = "<table><thead><tr>\(cells)</tr></thead><tbody>\(lines)</tbody></table>"
        body.append(isWide ? "<div class=\"wide\">\(table)</div>" : table)
    }

    /// What belongs to what: a name and its value a row, without a head.
    package mutating func facts(_ rows: [(name: LocalizedText, value: String)]) {
        facts(rows.map { ($0.name, LocalizedText(english: $0.value, chinese: $0.value)) })
    }

    /// With values in both languages.
    package mutating func facts(_ rows: [(name: LocalizedText, value: LocalizedText)]) {
        let lines = rows.map {
            "<tr><th scope=\"row\">\(both($0.name, "span"))</th><td>\(cell($0.value))</td></tr>"
        }
        body.append("<table><tbody>\(lines.joined(separator: "\n"))</tbody></table>")
    }

    /// Once where both languages say the same.
    private func cell(_ text: LocalizedText) -> String {
        text.english == text.chinese ? Markup.escaped(text.english) : both(text, "span")
    }

    /// The whole document. The language switch is two radio buttons and a style rule.
    package func html() -> String {
        let checked = { (language: Language) in language == self.language ? " checked" : "" }
        return """
            <!doctype html>
            <html lang="\(language.rawValue)"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Markup.escaped(title[language]))</title>
            <style>\(Self.style)</style></head>
            <body>
            <input type="radio" name="language" id="language-en"\(checked(.english))><label for="language-en">English</label>
            <input type="radio" name="language" id="language-zh-CN"\(checked(.chinese))><label for="language-zh-CN">中文</label>
            <main><h1>\(both(title, "span"))</h1>
            \(body.joined(separator: "\n"))
            </main></body></html>

            """
    }

    private func both(_ text: LocalizedText, _ element: String) -> String {
        Language.allCases.map { "<\(element) lang=\"\($0.rawValue)\">\(Markup.escaped(text[$0]))</\(element)>" }
            .joined()
    }

    private static let style = """
        :root{color-scheme:light dark;--accent:#b3261e}
        body{font:16px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:0;padding:1rem 1.25rem 3rem}
        main{max-width:60rem;margin:0 auto}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}
        input[name=language]{position:absolute;opacity:0}
        label{float:right;margin-left:.5rem;padding:.15rem .7rem;border:1px solid currentColor;border-radius:1rem;cursor:pointer;opacity:.6}
        #language-en:checked+label,#language-zh-CN:checked+label{opacity:1;font-weight:600}
        #language-en:focus-visible+label,#language-zh-CN:focus-visible+label{outline:2px solid var(--accent)}
        #language-en:checked~main [lang="zh-CN"],#language-zh-CN:checked~main [lang="en"]{display:none}
        .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.75rem}.gallery figure{margin:0}
        .gallery img{width:calc(50% - 2px);margin-right:2px;image-rendering:auto}.gallery figcaption{font-size:.85rem;overflow-wrap:anywhere}
        figure{margin:1rem 0}svg{width:100%;height:auto}
        .callout{--tone:var(--accent);border-left:.4rem solid var(--tone);padding:.25rem 1rem;background:color-mix(in srgb,var(--tone) 8%,transparent)}
        .callout.note{--tone:#5b7083}.callout.fine{--tone:#2e7d4f}.callout h3{color:var(--tone);margin:.4rem 0}
        table{border-collapse:collapse;width:100%;margin:.75rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top;overflow-wrap:anywhere}
        .wide{overflow-x:auto}.wide td,.wide th{white-space:nowrap}.wide th,.wide td{padding:.2rem .45rem;font-size:.85rem}
        th[scope=row]{font-weight:400;white-space:nowrap}
        @media print{label,input{display:none}}
        """
}
