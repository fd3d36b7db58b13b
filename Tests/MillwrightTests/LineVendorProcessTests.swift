import Glibc
import Rig
import TestBench
import Testing

@testable import millwright

@Suite("line vendor: as a program") struct LineVendorProcessTests {
    /// The tool starts another program, as pip does, and both stay.
    private static let staying = """
        import subprocess, time
        other = subprocess.Popen(['sleep', '600'])
        with open('pids.new', 'w') as file: file.write('%d %d' % (os.getpid(), other.pid))
        os.rename('pids.new', 'pids')
        time.sleep(600)
        """

    @Test("whoever ends it ends the tool, and what the tool has started", arguments: [SIGTERM, SIGINT, SIGKILL])
    func ended(signal: Int32) async throws {
        let fake = try FakeToolchain(compile: Self.staying)
        let command = try fake.start()
        let pids = fake.directory.file("work/pids")
        try #require(
            await eventually { access(pids, R_OK) == 0 || !command.isRunning } && command.isRunning,
            "\(command.outputTail())")
        let started = try Files.text(pids).split(separator: " ").compactMap { Int32($0) }
        #expect(started.count == 2 && started.allSatisfy(ProcessTable.isRunning))
        command.send(signal: signal)
        #expect(await command.waitForExit() == .signal(signal))
        #expect(await eventually { !started.contains(where: ProcessTable.isRunning) })
    }

    @Test("what a tool leaves running ends with it")
    func leftBehind() async throws {
        let fake = try FakeToolchain(
            compile: "import subprocess\nother = subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL, "
                + "stderr=subprocess.DEVNULL)\nopen('pid', 'w').write(str(other.pid))\n"
                + FakeToolchain.answering([[1, 2, 3, 0], [0, 4.5, 0.5, 0.5]]))
        try fake.run()
        let left = try #require(Int32(try Files.text(fake.directory.file("work/pid"))))
        #expect(await eventually { !ProcessTable.isRunning(left) })
    }

    @Test("a simulator that differs too much is said, with what the box will make of it, and the plan is written")
    func warning() async throws {
        let fake = try FakeToolchain(compile: FakeToolchain.answering([[1, 2, 3.5, 0], [5, 4.5, 0.5, 0]]))
        let command = try fake.start()
        #expect(await command.waitForExit() == .code(0))
        let text = try Files.text(fake.log)
        #expect(text.contains("warning: the vendor's simulator differs from the plan in 2 outputs of a case, by 10 "))
        #expect(text.contains("will refuse") && text.contains("allow: { elements: 2, steps: 10 }"), "\(text)")
        #expect(try fake.written() != nil)
        let good = try FakeToolchain()
        let quiet = try good.start()
        #expect(await quiet.waitForExit() == .code(0))
        #expect(try !Files.text(good.log).contains("warning"))
    }
}
