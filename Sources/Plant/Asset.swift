/// A text in the languages that maintenance teams read.
package struct LocalizedText: Hashable, Sendable {
    package var english: String
    package var chinese: String

    package init(english: String, chinese: String) {
        self.english = english
        self.chinese = chinese
    }

    package subscript(_ language: Language) -> String {
        switch language {
        case .english: english
        case .chinese: chinese
        }
    }
}

package enum Language: String, Hashable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh-CN"
}

/// A machine that maintenance people know by name.
package struct Asset: Hashable, Sendable {
    /// Stable id, as in the configuration: `pump-7`.
    package var id: String
    package var title: LocalizedText

    package init(id: String, title: LocalizedText) {
        self.id = id
        self.title = title
    }
}
