/// What moves elements and computes nothing.
extension TFLiteCases {
    static let shapes: [TFLiteCase] = [
        TFLiteCase("RESHAPE with one length open", "reshape") { draft in
            let x = draft.input(.float32, [2, 6])
            let shape = draft.int32s("shape", [3], [3, -1, 2])
            draft.add("RESHAPE", [x, shape], [draft.output(.float32, [3, 2, 2])])
        },
        TFLiteCase("RESHAPE by an option", "reshape") { draft in
            let x = draft.input(.float32, [2, 3])
            draft.add("RESHAPE", [x], [draft.output(.float32, [6])], options: (17, [0: .int32s([6])]))
        },
        TFLiteCase("SQUEEZE, EXPAND_DIMS", "reshape, reshape") { draft in
            let x = draft.input(.float32, [1, 2, 1, 3])
            let y = draft.tensor("y", .float32, [1, 2, 3])
            draft.add("SQUEEZE", [x], [y], options: (30, [0: .int32s([-2])]))
            let axis = draft.int32s("axis", [], [-1])
            draft.add("EXPAND_DIMS", [y, axis], [draft.output(.float32, [1, 2, 3, 1])])
        },
        TFLiteCase("TRANSPOSE", "transpose") { draft in
            let x = draft.input(.float32, [2, 3, 2])
            let order = draft.int32s("order", [3], [2, 0, 1])
            draft.add("TRANSPOSE", [x, order], [draft.output(.float32, [2, 2, 3])])
        },
        TFLiteCase("TILE, BROADCAST_TO", "tile, broadcast") { draft in
            let x = draft.input(.float32, [1, 2])
            let y = draft.tensor("y", .float32, [1, 4])
            draft.add("TILE", [x, draft.int32s("repeats", [2], [1, 2])], [y])
            draft.add(
                "BROADCAST_TO", [y, draft.int32s("shape", [2], [3, 4])], [draft.output(.float32, [3, 4])])
        },
        TFLiteCase("SLICE to the end", "slice") { draft in
            let x = draft.input(.float32, [3, 4])
            let begin = draft.int32s("begin", [2], [1, 2])
            let size = draft.int32s("size", [2], [-1, 1])
            draft.add("SLICE", [x, begin, size], [draft.output(.float32, [2, 1])])
        },
        TFLiteCase("STRIDED_SLICE: begin and end masks, backwards", "slice") { draft in
            let x = draft.input(.float32, [4, 5])
            strided(&draft, x, [1, 9], [7, 0], [2, -2], [2, 3], masks: [2, 2, 0, 0, 0])
        },
        TFLiteCase("STRIDED_SLICE: new axis, ellipsis, one picked", "slice, reshape") { draft in
            let x = draft.input(.float32, [2, 3, 4])
            strided(&draft, x, [0, 0, -1], [0, 0, 0], [1, 1, 1], [1, 2, 3], masks: [0, 0, 2, 1, 4])
        },
        TFLiteCase("SPLIT", "split") { draft in
            let x = draft.input(.float32, [2, 4])
            let axis = draft.int32s("axis", [], [1])
            let outputs = [draft.output(.float32, [2, 2]), draft.output(.float32, [2, 2])]
            draft.add("SPLIT", [axis, x], outputs, options: (35, [0: .int32(2)]))
        },
        TFLiteCase("SPLIT_V with one size open", "split") { draft in
            let x = draft.input(.float32, [5, 2])
            let sizes = draft.int32s("sizes", [3], [1, -1, 2])
            let axis = draft.int32s("axis", [], [0])
            let outputs = [1, 2, 2].map { draft.output(.float32, [$0, 2]) }
            draft.add("SPLIT_V", [x, sizes, axis], outputs, options: (79, [0: .int32(3)]))
        },
        TFLiteCase("PACK, UNPACK", "reshape, reshape, concatenate, slice, reshape, slice, reshape, slice, reshape") {
            draft in
            let (a, b) = (draft.input(.float32, [3]), draft.input(.float32, [3]))
            let y = draft.tensor("y", .float32, [2, 3])
            draft.add("PACK", [a, b], [y], options: (59, [0: .int32(2), 1: .int32(0)]))
            let outputs = (0..<3).map { _ in draft.output(.float32, [2]) }
            draft.add("UNPACK", [y], outputs, options: (64, [0: .int32(3), 1: .int32(-1)]))
        },
        TFLiteCase("CONCATENATION along the last axis", "concatenate") { draft in
            let (a, b) = (draft.input(.float32, [2, 2]), draft.input(.float32, [2, 1]))
            draft.add("CONCATENATION", [a, b], [draft.output(.float32, [2, 3])], options: (10, [0: .int32(-1)]))
        },
        TFLiteCase("PAD int8, with zero as its scale says", "pad") { draft in
            let x = draft.input(.int8, [2, 2], scale: [0.5], zeroPoint: [7])
            let paddings = draft.int32s("paddings", [2, 2], [1, 0, 0, 2])
            draft.add("PAD", [x, paddings], [draft.output(.int8, [3, 4], scale: [0.5], zeroPoint: [7])])
        },
        TFLiteCase("PADV2 with a number", "pad") { draft in
            let x = draft.input(.float32, [2, 2])
            let paddings = draft.int32s("paddings", [2, 2], [0, 1, 1, 0])
            let number = draft.floats("number", [], [1.5])
            draft.add("PADV2", [x, paddings, number], [draft.output(.float32, [3, 3])])
        },
        mirrored("REFLECT", mode: 0),
        mirrored("SYMMETRIC", mode: 1),
        TFLiteCase("GATHER", "gather") { draft in
            let x = draft.input(.float32, [2, 4])
            let indices = draft.int32s("indices", [3], [3, 0, 2])
            draft.add("GATHER", [x, indices], [draft.output(.float32, [2, 3])], options: (23, [0: .int32(1)]))
        },
        TFLiteCase("REVERSE_V2", "slice") { draft in
            let x = draft.input(.float32, [2, 3])
            draft.add("REVERSE_V2", [x, draft.int32s("axes", [1], [1])], [draft.output(.float32, [2, 3])])
        },
        TFLiteCase("SPACE_TO_DEPTH", "reshape, transpose, reshape") { draft in
            let x = draft.input(.float32, [1, 4, 2, 2])
            draft.add("SPACE_TO_DEPTH", [x], [draft.output(.float32, [1, 2, 1, 8])], options: (19, [0: .int32(2)]))
        },
        TFLiteCase("DEPTH_TO_SPACE", "reshape, transpose, reshape") { draft in
            let x = draft.input(.float32, [1, 1, 2, 8])
            draft.add("DEPTH_TO_SPACE", [x], [draft.output(.float32, [1, 2, 4, 2])], options: (94, [0: .int32(2)]))
        },
        TFLiteCase("SPACE_TO_BATCH_ND padded", "pad, reshape, transpose, reshape") { draft in
            let x = draft.input(.float32, [1, 3, 4, 1])
            let block = draft.int32s("block", [2], [2, 2])
            let paddings = draft.int32s("paddings", [2, 2], [1, 0, 0, 2])
            draft.add("SPACE_TO_BATCH_ND", [x, block, paddings], [draft.output(.float32, [4, 2, 3, 1])])
        },
        TFLiteCase("BATCH_TO_SPACE_ND cropped", "reshape, transpose, reshape, slice") { draft in
            let x = draft.input(.float32, [6, 2, 2, 1])
            let block = draft.int32s("block", [2], [2, 3])
            let crops = draft.int32s("crops", [2, 2], [1, 0, 0, 2])
            draft.add("BATCH_TO_SPACE_ND", [x, block, crops], [draft.output(.float32, [1, 3, 4, 1])])
        },
        TFLiteCase("SHAPE and arithmetic on it fold", "reshape") { draft in
            let x = draft.input(.float32, [1, 2, 3])
            let shape = draft.tensor("s", .int32, [3])
            draft.add("SHAPE", [x], [shape], options: (55, [0: .int8(2)]))
            let part = draft.tensor("part", .int32, [1])
            let lists = [[1], [2], [1]].enumerated().map { draft.int32s("list\($0)", [1], $1) }
            draft.add("STRIDED_SLICE", [shape] + lists, [part], options: (32, [:]))
            let wanted = draft.tensor("wanted", .int32, [2])
            let rest = draft.int32s("rest", [1], [-1])
            draft.add("CONCATENATION", [part, rest], [wanted], options: (10, [0: .int32(0)]))
            draft.add("RESHAPE", [x, wanted], [draft.output(.float32, [2, 3])])
        },
    ]

    private static func strided(
        _ draft: inout TFLiteDraft, _ x: Int32, _ begin: [Int32], _ end: [Int32], _ strides: [Int32],
        _ shape: [Int32], masks: [Int32]
    ) {
        let count = Int32(begin.count)
        let lists = [begin, end, strides].enumerated().map { draft.int32s("list\($0)", [count], $1) }
        let fields = Dictionary(
            uniqueKeysWithValues: masks.enumerated().map { ($0, FlatBufferWriter.Field.int32($1)) })
        draft.add("STRIDED_SLICE", [x] + lists, [draft.output(.float32, shape)], options: (32, fields))
    }

    private static func mirrored(_ name: String, mode: Int8) -> TFLiteCase {
        TFLiteCase("MIRROR_PAD \(name)", "pad") { draft in
            let x = draft.input(.float32, [2, 3])
            let paddings = draft.int32s("paddings", [2, 2], [1, 1, 2, 0])
            draft.add(
                "MIRROR_PAD", [x, paddings], [draft.output(.float32, [4, 5])], options: (77, [0: .int8(mode)]))
        }
    }
}
