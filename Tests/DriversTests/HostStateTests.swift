import Plant
import Sparkplug
import TestBench
import Testing

@testable import Drivers

@Suite struct HostStateTests {
    private func state(_ text: String) -> HostState? { Array(text.utf8).withUnsafeBytes { HostState($0) } }

    @Test func readsBothForms() {
        #expect(state("ONLINE") == HostState(isOnline: true, timestamp: nil))
        #expect(state("OFFLINE") == HostState(isOnline: false, timestamp: nil))
        #expect(state("{\"timestamp\": 17, \"online\": true}") == HostState(isOnline: true, timestamp: 17))
        #expect(state("{\"online\":false,\"timestamp\":18}") == HostState(isOnline: false, timestamp: 18))
        for text in [
            "", "online", "{}", "{\"online\":1,\"timestamp\":1}", "{\"online\":true}",
            "{\"online\":true,\"timestamp\":-1}",
        ] {
            #expect(state(text) == nil, "\(text)")
        }
        #expect(
            String(decoding: HostState(isOnline: true, timestamp: 5).json, as: UTF8.self)
                == "{\"online\":true,\"timestamp\":5}")
    }

    /// - Source: Sparkplug 3.0, 5.2: a state that is older than the last one is not believed.
    @Test func anOldStateIsNotBelieved() {
        #expect(
            online(after: [
                HostState(isOnline: true, timestamp: 100), HostState(isOnline: false, timestamp: 99),
                HostState(isOnline: false, timestamp: nil), HostState(isOnline: false, timestamp: 100),
            ]) == [true, true, true, false])
    }

    @Test func aHostOfTheOlderVersionIsHeard() {
        #expect(
            online(after: [HostState(isOnline: true, timestamp: nil), HostState(isOnline: false, timestamp: nil)])
                == [true, false])
    }

    private func online(after states: [HostState]) -> [Bool] {
        var presence = HostPresence()
        return states.map { state in
            presence.take(state)
            return presence.isOnline
        }
    }
}
