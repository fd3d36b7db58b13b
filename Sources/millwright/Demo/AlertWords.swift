import Plant

// How the stored words are said to people.

extension Severity {
    var words: LocalizedText {
        switch self {
        case .advisory: LocalizedText(english: rawValue, chinese: "提示")
        case .warning: LocalizedText(english: rawValue, chinese: "警告")
        case .critical: LocalizedText(english: rawValue, chinese: "严重")
        }
    }
}

extension AlertState {
    var words: LocalizedText {
        switch self {
        case .active: LocalizedText(english: rawValue, chinese: "未确认")
        case .acknowledged: LocalizedText(english: rawValue, chinese: "已确认")
        case .cleared: LocalizedText(english: rawValue, chinese: "已恢复")
        }
    }
}
