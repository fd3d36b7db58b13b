import Drivers
import Plant
import Testing
import YAML

@Suite struct PictureConfigurationTests {
    static let good = """
        - name: cameras
          driver: mqtt
          host: broker.local
          topics:
            - { topic: cam/+/+, payload: picture, pictures: "{1}.camera", part: "{2}", max_size: 20MB }
            - { topic: line/cam, payload: picture, pictures: line.camera, raw: { width: 640, height: 480, layout: yuyv } }
            - { topic: line/speed, payload: number, tag: line.speed }
        - name: folder
          driver: folder
          path: /srv/pictures
          pictures: press-3.camera
          names: ["cam1_*.png"]
          part: "cam1_{part}.png"
          then: { move: /srv/done }
        - name: door
          driver: http
          address: 0.0.0.0
          port: 8090
          token_file: /etc/millwright/token
          pictures: [press-4.camera, press-5.camera]
        - name: eye
          driver: camera
          path: /dev/video0
          pictures: press-6.camera
          format: y16
          width: 640
          height: 480
          significant_bits: 12
          frame_within: never
        """

    @Test func aGoodListIsRead() throws {
        let (links, diagnostics) = try links(Self.good)
        #expect(diagnostics.text == "")
        #expect(
            links.map(\.settings.pictures) == [
                ["line.camera"], ["press-3.camera"], ["press-4.camera", "press-5.camera"], ["press-6.camera"],
            ])
        #expect(links[0].settings.mayBring(pictures: "a.camera") && links[0].settings.mayBring(pictures: "line.camera"))
        #expect(!links[1].settings.mayBring(pictures: "line.camera"))
        #expect(links[0].tags.map(\.name) == ["line.speed"])
    }

    static let mistakes: [LinkConfigurationTests.Mistake] = [
        .init(replace: "{1}.camera", by: "{3}.camera", line: 5, says: ["{1} to {2}, not {3}"]),
        .init(replace: "part: \"{2}\"", by: "part: \"{2\"", line: 5, says: ["a closing }"]),
        .init(replace: "max_size: 20MB", by: "max_size: 20GB", line: 5, says: ["topics[0].max_size", "1KiB...64MiB"]),
        .init(
            replace: "payload: picture, pictures: line", by: "payload: pictures, pictures: line", line: 6,
            says: ["did you mean `picture`"]),
        .init(replace: "width: 640", by: "width: 641", line: 6, says: ["yuyv of an even width", "641 x 480"]),
        .init(replace: "width: 640", by: "width: 0", line: 6, says: ["raw.width", "1...32767"]),
        .init(replace: "layout: yuyv", by: "layout: yuv", line: 6, says: ["did you mean `yuyv`"]),
        .init(replace: "topic: line/speed", by: "topic: cam/a/b", line: 7, says: ["twice", "line 5"]),
        .init(
            replace: "pictures: press-3.camera", by: "pictures: line.camera", line: 11,
            says: ["the pictures \"line.camera\" again (first at line 6"]),
        .init(replace: "pictures: press-3.camera", by: "pictures: ../camera", line: 11, says: ["letters, digits"]),
        .init(replace: "\"cam1_*.png\"", by: "\"in/*.png\"", line: 12, says: ["a file name with *"]),
        .init(replace: "cam1_{part}.png", by: "cam1_{id}.png", line: 13, says: ["{part}"]),
        .init(replace: "cam1_{part}.png", by: "cam1.png", line: 13, says: ["{part}"]),
        .init(replace: "then: { move: /srv/done }", by: "then: remove", line: 14, says: ["keep, delete, or move"]),
        .init(replace: "move: /srv/done", by: "move: /srv/pictures", line: 14, says: ["another folder"]),
        .init(replace: "address: 0.0.0.0", by: "address: box.local", line: 17, says: ["an IP address"]),
        .init(replace: "token_file: /etc/millwright/token", by: "# none", line: 17, says: ["token_file", "token"]),
        .init(replace: "port: 8090", by: "port: 0", line: 18, says: ["1...65535"]),
        .init(replace: "format: y16", by: "format: y61", line: 25, says: ["did you mean `y16`"]),
        .init(replace: "height: 480\n", by: "height: 0\n", line: 27, says: ["links[3].height", "1...32767"]),
        .init(replace: "frame_within: never", by: "frame_within: nevr", line: 29, says: ["did you mean `never`"]),
        .init(replace: "press-5.camera", by: "press-4.camera", line: 20, says: ["press-4.camera\" again"]),
    ]

    @Test(arguments: mistakes) func aMistakeIsReportedWithItsPlace(_ mistake: LinkConfigurationTests.Mistake) throws {
        try #require(Self.good.contains(mistake.replace))
        let (_, diagnostics) = try links(Self.good.replacing(mistake.replace, with: mistake.by, maxReplacements: 1))
        let lines = diagnostics.text.split(separator: "\n")
        let hit = lines.first { $0.hasPrefix("plant.yaml:\(mistake.line):") }
        let text = try #require(hit, "\(diagnostics.text)")
        for part in mistake.says { #expect(text.contains(part), "\(text)") }
    }

    @Test func twoLinksDoNotShareFilesOrDoors() throws {
        let again =
            Self.good + """

                - { name: folder-2, driver: folder, path: /srv/pictures, pictures: x, names: ["cam1_*.png", "cam2_*.png"] }
                - { name: door-2, driver: http, port: 8090, address: 0.0.0.0, token_file: t, pictures: [y] }
                """
        let text = try links(again).diagnostics.text
        #expect(text.contains("the files cam1_*.png of /srv/pictures again (first at line 12"))
        #expect(text.contains("the door 0.0.0.0 port 8090 again (first at line 18"))
    }

    @Test func onOurOwnMachineNobodyShowsAToken() throws {
        for (address, isFree) in [
            ("127.0.0.1", true), ("::1", true), ("127.3.0.9", true), ("::", false), ("10.0.0.7", false),
        ] {
            let text = try links("- { name: a, driver: http, address: \"\(address)\", port: 8090, pictures: [y] }")
                .diagnostics.text
            #expect(text.isEmpty == isFree, "\(address): \(text)")
        }
    }
}
