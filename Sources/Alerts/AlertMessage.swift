package import Plant

/// What a channel sends: one event of one alert, as JSON.
package struct AlertMessage: Hashable, Sendable {
    package var event: AlertEvent
    package var asset: Asset
    /// Name of the plant, as the configuration has it.
    package var plant: String
    package var languages: AlertLanguage

    /// The version of the JSON; it changes when a field changes its meaning or goes.
    package static let version = 1

    package init(_ event: AlertEvent, asset: Asset, plant: String, languages: AlertLanguage = .both) {
        self.event = event
        self.asset = asset
        self.plant = plant
        self.languages = languages
    }

    /// UTF-8 JSON on one line, always the same for the same message.
    ///
    /// Times are ISO 8601 in UTC with milliseconds. `text` holds one entry a language, so a reader never meets two types.
    /// Optional: `acknowledged_at`, `acknowledged_by`, `cleared_at`.
    package var json: [UInt8] {
        let alert = event.alert
        var writer = JSONWriter()
        writer.object { json in
            json.field("version", Self.version)
            json.field("event", event.kind.rawValue)
            json.field("time", ISO8601.string(event.time))
            json.field("plant", plant)
            json.field("asset", alert.asset)
            json.field("alert", alert.id)
            json.field("code", alert.code)
            json.field("severity", alert.severity.rawValue)
            json.field("state", alert.state.rawValue)
            json.field("raised_at", ISO8601.string(alert.raisedAt))
            json.field("acknowledged_at", alert.acknowledgedAt.map(ISO8601.string))
            json.field("acknowledged_by", alert.acknowledgedBy)
            json.field("cleared_at", alert.clearedAt.map(ISO8601.string))
            json.field("score", alert.score)
            json.field("threshold", alert.threshold)
            json.field("worst_score", alert.worstScore)
            json.array("features") { list in
                for feature in alert.features {
                    list.object {
                        $0.field("name", feature.feature)
                        $0.field("share", feature.share)
                        $0.field("deviation", feature.deviation)
                    }
                }
            }
            json.field("model_digest", alert.modelDigest)
            json.object("text") { texts in
                for language in languages.languages {
                    texts.object(language.rawValue) {
                        $0.field("asset", asset.title[language])
                        $0.field("title", alert.title[language])
                        $0.field("cause", alert.cause[language])
                        $0.field("action", alert.action[language])
                    }
                }
            }
        }
        return writer.bytes
    }
}

/// In which languages an alert goes out: `alerts.language`.
package enum AlertLanguage: String, Hashable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh-CN"
    case both

    package var languages: [Language] {
        switch self {
        case .english: [.english]
        case .chinese: [.chinese]
        case .both: [.english, .chinese]
        }
    }
}
