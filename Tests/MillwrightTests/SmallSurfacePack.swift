import Glibc
import Rig
import TestBench

@testable import millwright

/// A pack for pictures whose scripts need nothing but Python itself: they draw noise, train nothing, and export a network of two
/// convolutions. What the line does with them is what it does with the real ones.
struct SmallSurfacePack {
    let directory: TempDirectory

    init(requirements: String = "# nothing\n") throws {
        directory = try TempDirectory()
        for name in ["pack", "pack/line", "pack/model"] { mkdir(directory.file(name), 0o755) }
        try Files.write(
            """
            pack: small
            kind: surface-inspection
            version: "1"
            title: { en: Small, zh-CN: 小 }
            model: { file: model/small.mwplan, version: "1", exported: model/small.onnx }
            line: { seed: 5, side: 32, calibration: 4, steps: 8, until: 6, distil: { pictures: 16, steps: 4 }, limit: 60s, surfaces: 2, pictures: 36, sites: 2 }

            """, to: directory.file("pack/pack.yaml"))
        try write("requirements.txt", requirements)
        try write(
            "common.py",
            """
            import sys

            def options():
                words = sys.argv[1:]
                return {a[2:]: b for a, b in zip(words, words[1:]) if a.startswith('--')}

            def ran(name):
                with open(__file__ + '.log', 'a') as log:
                    log.write(name + ' ')

            def numbers(count, seed):
                for _ in range(count):
                    seed = (seed * 1664525 + 1013904223) % 2 ** 32
                    yield seed >> 24

            """)
        try write(
            "calibration.py",
            """
            import struct
            from common import numbers, options, ran

            ran('calibration')
            side, count = int(options()['side']), int(options()['pictures'])
            header = "{'descr': '|i1', 'fortran_order': False, 'shape': (%d, 3, %d, %d), }" % (count, side, side)
            header += ' ' * (63 - (10 + len(header)) % 64) + '\\n'
            with open(options()['output'], 'wb') as file:
                file.write(b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(header)) + header.encode())
                file.write(bytes(numbers(count * 3 * side * side, 1)))

            """)
        try write("train.py", Self.train)
        try write("distil.py", Self.distil)
        try write(
            "export.py",
            """
            import struct, sys
            from common import numbers, options, ran
            \(Self.onnx)
            ran('export')
            side = int(options()['height'])
            assert open(sys.argv[1]).read() == 'weights of seed 5, distilled'
            picture = value('picture', [1, 3, side, side])
            features = value('features', [1, 8, side // 8, side // 8])
            defect = value('defect', [1, 2, side // 4, side // 4])
            graph = (field(1, conv('features', 8, 8)) + field(1, conv('defect', 2, 4)) + field(2, b'small')
                     + field(5, constant('features.kernel', [8, 3, 8, 8], 1)) + field(5, constant('features.bias', [8], 2))
                     + field(5, constant('defect.kernel', [2, 3, 4, 4], 3)) + field(5, constant('defect.bias', [2], 4))
                     + field(11, picture) + field(12, features) + field(12, defect))
            with open(options()['output'], 'wb') as file:
                file.write(number(1, 8) + field(7, graph) + field(8, field(1, b'') + number(2, 13)))

            """)
        try write(
            "report.py",
            """
            import json
            from common import options, ran

            ran('report')
            for site in range(int(options()['sites'])):
                print(f'site {site + 1} of 2: pictures 0.5, places 0.5')
            with open(options()['output'] + '/metrics.json', 'w') as file:
                json.dump({'seed': 1, 'by_looks': {'line': 0.75}, 'by_memory': {'pictures': [0.5, 0.5], 'places': [0.5, 0.25]}}, file)
            with open(options()['output'] + '/sheet.png', 'wb') as file:
                file.write(b'a picture')

            """)
    }

    var folder: String { directory.file("pack") }

    func write(_ name: String, _ text: String) throws {
        try Files.write(text, to: directory.file("pack/line/\(name)"))
    }

    /// Scripts that ran since the last time somebody asked.
    func ran() throws -> [String] {
        let log = directory.file("pack/line/common.py.log")
        guard access(log, R_OK) == 0 else { return [] }
        defer { unlink(log) }
        return try Files.text(log).split(separator: " ").map(String.init)
    }

    func run(_ more: [String] = []) async throws -> BackupCommandTests.Outcome {
        try await BackupCommandTests.run(
            [
                "line", "run", folder, "--cache", directory.file("cache"), "--venv", directory.file("venv"),
            ] + more, in: directory)
    }

    static let train = """
        import json
        from common import options, ran

        ran('train')
        print('step 3 of 6')
        with open(options()['output'] + '/weights.npz', 'w') as file:
            file.write('weights of seed ' + options()['seed'])
        with open(options()['output'] + '/history.json', 'w') as file:
            json.dump([{'step': 6, 'looks': 1.0, 'memory': 0.5}], file)

        """

    static let distil = """
        import json, sys
        from common import options, ran

        ran('distil')
        print('step 2 of 4')
        before = open(sys.argv[1]).read()
        with open(options()['output'] + '/weights.npz', 'w') as file:
            file.write(before + ', distilled')
        with open(options()['output'] + '/history.json', 'w') as file:
            json.dump([{'step': int(options()['steps']), 'taught': 2.0, 'kept': 0.25}], file)

        """

    /// The encoding of protocol buffers, as far as a network of two layers needs it.
    private static let onnx = """
        def varint(value):
            out = b''
            while value > 127:
                out, value = out + bytes([value & 127 | 128]), value >> 7
            return out + bytes([value])

        def field(place, payload):
            return varint(place << 3 | 2) + varint(len(payload)) + payload

        def number(place, value):
            return varint(place << 3) + varint(value)

        def value(name, shape):
            dims = b''.join(field(1, number(1, size)) for size in shape)
            return field(1, name.encode()) + field(2, field(1, number(1, 1) + field(2, dims)))

        def constant(name, shape, seed):
            count = 1
            for size in shape:
                count *= size
            raw = b''.join(struct.pack('<f', (n - 127) / 2000) for n in numbers(count, seed))
            return b''.join(number(1, size) for size in shape) + number(2, 1) + field(8, name.encode()) + field(9, raw)

        def attribute(name, values):
            return field(5, field(1, name.encode()) + b''.join(number(8, v) for v in values) + number(20, 7))

        def conv(output, channels, stride):
            inputs = ['picture', output + '.kernel', output + '.bias']
            return (b''.join(field(1, name.encode()) for name in inputs) + field(2, output.encode()) + field(3, output.encode())
                    + field(4, b'Conv') + attribute('kernel_shape', [stride, stride]) + attribute('strides', [stride, stride]))
        """
}
