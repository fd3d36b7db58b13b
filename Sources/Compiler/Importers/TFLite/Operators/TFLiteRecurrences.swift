/// `UNIDIRECTIONAL_SEQUENCE_LSTM` with real numbers, unrolled over time.
///
/// Without layer normalization; with or without input gate, peepholes and projection. The state is zero at the start of
/// each run: TensorFlow Lite's interpreter keeps it from run to run unless it is told to reset its variables.
enum TFLiteRecurrences {
    static let rules: [String: TFLiteRule] = ["UNIDIRECTIONAL_SEQUENCE_LSTM": lstm]

    private static func lstm(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.real(0, "input")
        guard graph.model[x].quantization == nil else {
            throw .unsupported(
                .init(
                    "UNIDIRECTIONAL_SEQUENCE_LSTM for \(graph.output().place) \(graph.output().shape)",
                    expected: "float32", found: graph.model[x].type.rawValue,
                    advice: "convert the float model, or one with unroll=True, and quantize it with"
                        + " millwright model quantize"))
        }
        guard !(20..<24).contains(where: { graph.hasOperand($0) }) else {
            throw .unsupported(
                .init(
                    "UNIDIRECTIONAL_SEQUENCE_LSTM", expected: "no layer normalization", found: "its coefficients",
                    advice: "convert the model with unroll=True"))
        }
        let options = try graph.options(.lstm)
        let isTimeMajor = try options.flag("time_major", 3)
        let shape = try graph.shape(x, rank: 3, "input")
        let (batch, steps) = isTimeMajor ? (shape[1], shape[0]) : (shape[0], shape[1])
        guard steps <= maximumSteps else {
            throw .tooLarge(.init("steps of the sequence", expected: "at most \(maximumSteps)", found: "\(steps)"))
        }
        let cell = try TFLiteCell(&graph, options: options, input: x, batch: batch)
        var state = try cell.initialState(&graph)
        var results: [ValueID] = []
        for step in 0..<steps {
            var slice = Slice(starts: [0, 0, 0], steps: [1, 1, 1], sizes: shape)
            slice.starts[isTimeMajor ? 0 : 1] = step
            slice.sizes[isTimeMajor ? 0 : 1] = 1
            let part = try graph.compute(slice, [x], "slice_\(step)")
            let row = try graph.compute(Reshape(shape: [batch, shape[2]]), [part], "input_\(step)")
            state = try cell.next(&graph, row, state, step)
            let width = graph.model[state.output].shape[1]
            let result = Reshape(shape: isTimeMajor ? [1, batch, width] : [batch, 1, width])
            results.append(try graph.compute(result, [state.output], "output_\(step)"))
        }
        try graph.write(Concatenate(axis: isTimeMajor ? 0 : 1), results)
    }

    /// Half a minute of feature vectors at 16 ms; each takes about twenty nodes.
    private static let maximumSteps = 2_048
}
