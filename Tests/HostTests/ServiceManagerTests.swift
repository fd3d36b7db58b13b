import Glibc
import Host
import Plant
import Testing

@Suite struct ServiceManagerTests {
    @Test func theServiceManagerHearsThatTheServiceIsReady() throws {
        let directory = "/tmp/millwright-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try #require(mkdir(directory, 0o700) == 0)
        defer { rmdir(directory) }
        let path = "\(directory)/notify"
        let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        defer { unlink(path) }

        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": path])
        manager.ready(status: "2 links")
        manager.alive()
        manager.reloading(monotonicMicroseconds: 42)
        #expect(receive(listener) == "READY=1\nSTATUS=2 links")
        #expect(receive(listener) == "WATCHDOG=1")
        #expect(receive(listener) == "RELOADING=1\nMONOTONIC_USEC=42")
    }

    private func receive(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    @Test func theWatchdogIsServedAtHalfOfItsTimeAndOnlyForThisProcess() {
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "3000000"]).watchdogInterval == .milliseconds(1_500))
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"]).watchdogInterval == nil)
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "nonsense"]).watchdogInterval == nil)
        #expect(ServiceManager(environment: [:]).watchdogInterval == nil)
    }

    @Test func nobodyListeningIsNoError() {
        ServiceManager(environment: [:]).ready(status: "x")
        ServiceManager(environment: ["NOTIFY_SOCKET": "/nonexistent/socket"]).ready(status: "x")
        ServiceManager(environment: ["NOTIFY_SOCKET": String(repeating: "x", count: 4_000)]).ready(status: "x")
    }

    @Test func theMachinesClocksMoveForward() {
        let clock = SystemClock()
        let first = clock.monotonic()
        #expect(clock.monotonic() >= first)
        #expect(clock.wall() > earliestPlausibleWallTime)
    }
}
