import Arrays
import Foundation
import Testing
import VendorVectors

/// A chain of two layers behind real numbers, made of the vectors' own: `x_float` -> q -> same -> again.
@Suite("which layer computes what another one reads") struct LayerOrderTests {
    private static func model(_ change: (inout [[String: Any]], inout [String: Any]) -> Void) throws -> VectorModel {
        let name = try #require(try VectorFiles.names().first { $0.hasSuffix("rk3588/ratios") })
        let data = Data(try VectorFiles.bytes("\(name).json"))
        var root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var layers = try #require(root["layers"] as? [[String: Any]])
        let first = try #require(layers.first)
        var second = first
        second["input"] = "same"
        second["output"] = "q2"
        layers = [first, second]
        var tensors = try #require(root["tensors"] as? [String: Any])
        // A maximum under a window of one pixel: all three have the same numbers.
        tensors["q2"] = tensors["q"]
        root["tensors"] = tensors
        root["inputs"] = nil
        change(&layers, &root)
        root["layers"] = layers
        let archive = try NPZArchiveCopy.bytes("\(name).npz", adding: ["t_q2": "t_q"])
        return try VectorModel(
            name: name, json: Array(try JSONSerialization.data(withJSONObject: root)), npz: archive)
    }

    @Test func layersInAnyOrderComputeTheSame() throws {
        for reversed in [false, true] {
            let model = try Self.model { layers, _ in if reversed { layers.reverse() } }
            let results = try model.check()
            #expect(results.map(\.tensor) == ["q", "same", "q2", "q", "same", "q2"])
            #expect(results.filter { !$0.isPassed }.isEmpty)
        }
    }

    /// One channel of a depthwise convolution doubles, the other one trebles; what joins them is added at the end.
    @Test func aDepthwiseConvolutionMayBeJoined() throws {
        func tensor(_ values: [Int8]) -> NPYArray {
            NPYArray(kind: .int8, shape: [1, 2, 1, 1], bytes: values.map { UInt8(bitPattern: $0) })
        }
        let one = #"{"scale": 1, "zero_point": 0}"#
        let json = """
            {"vendor": "Rockchip", "chip": "rk3566", "inputs": ["x", "r"], "tensors": {"x": \(one), "r": \(one), "y": \(one)},
             "layers": [{"op": "convadd", "input": "x", "residual": "r", "output": "y", "relu": false, "stride": 1, "pads": [0],
             "group": 2, "weight": "w", "bias": "b", "w_scale": [1], "w_zero_point": [0]}]}
            """
        let arrays = [
            "t_x": tensor([5, -7]), "t_r": tensor([100, 50]), "t_y": tensor([111, 30]),
            "w": NPYArray(kind: .int8, shape: [2, 1, 1, 1], bytes: [2, 3]),
            "b": NPYArray(kind: .int32, shape: [2], bytes: [1, 0, 0, 0, 1, 0, 0, 0]),
        ]
        let model = try VectorModel(name: "joined", json: Array(json.utf8), npz: StoredArchive.bytes(arrays))
        #expect(try model.check(by: .reference).map(\.equal) == [2])
        #expect(try model.check().map(\.equal) == [2])
    }

    @Test func aTensorThatNoLayerMakesIsNamed() throws {
        let error = try #require(throws: VectorError.self) {
            _ = try Self.model { layers, _ in
                layers[1]["input"] = "add_a"
            }
        }
        #expect(error.description.contains("none that makes q, add_a"), "\(error)")
    }

    @Test func layersThatWaitForEachOtherAreNamed() throws {
        let error = try #require(throws: VectorError.self) {
            _ = try Self.model { layers, _ in layers[0]["input"] = "q2" }
        }
        #expect(error.description.contains("layers that do not wait for each other, found same, q2"), "\(error)")
    }

    @Test func twoLayersOfOneTensorAreRefused() throws {
        let error = try #require(throws: VectorError.self) {
            _ = try Self.model { layers, _ in layers.append(layers[1]) }
        }
        #expect(error.description.contains("one layer that makes q2, found two"), "\(error)")
    }

    /// Without the model's own numbers the first layer's are wrong, and all that follow: nothing is read from the vendor.
    @Test func inTheModelNothingIsTakenFromTheVendor() throws {
        let model = try Self.model { _, root in
            var tensors = root["tensors"] as? [String: [String: Any]] ?? [:]
            tensors["q"]?["zero_point"] = 7
            tensors["same"]?["zero_point"] = 7
            tensors["q2"]?["zero_point"] = 7
            root["tensors"] = tensors
        }
        let results = try model.check(.model, by: .reference)
        #expect(results.map { $0.equal == $0.count } == [false, false, false])
        #expect(try model.check(.layer, by: .reference).map { $0.equal == $0.count } == [false, true, true])
    }
}
