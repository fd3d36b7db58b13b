/// When each tile is fetched, worked on and left, with one mover of data beside the multipliers and every buffer twice.
///
/// A piece is fetched while the one before it is worked on. Weights of the next layer are fetched ahead; its input is not,
/// before all of the layers that it reads have been written. Bias and factors travel with the weights.
package struct Schedule: Sendable {
    package enum Action: String, Hashable, Sendable, CaseIterable { case fetchWeights, fetchInput, compute, store }

    /// Cycles of one core, from the start of the inference.
    package struct Event: Hashable, Sendable {
        /// Index into ``Deployment/layers``.
        package var layer: Int
        package var piece: Int
        package var action: Action
        package var start: Double
        package var end: Double
    }

    package private(set) var events: [Event] = []
    /// From the start to the last byte.
    package private(set) var cycles = 0.0
    /// Of them, those in which the multipliers work, and those in which data moves.
    package private(set) var computingCycles = 0.0
    package private(set) var movingCycles = 0.0
    /// Layers of which no source says how long they compute: only their data is in the schedule.
    package private(set) var onlyMoved: [Int] = []

    private let bytesPerCycle: Double
    private var moverFree = 0.0
    private var multipliersFree = 0.0
    /// When the buffers of each kind that were filled last may be written again: the one before the last, and the last.
    private var inputFree = (0.0, 0.0)
    private var weightsFree = (0.0, 0.0)
    private var outputFree = (0.0, 0.0)
    /// When each layer's output is in DRAM.
    private var written: [Double] = []

    /// What a layer has to do, piece by piece.
    struct Layer {
        /// Layers whose outputs it reads.
        var sources: [Int]
        var pieces: [Piece]
        var hasCycles: Bool
    }
    struct Piece {
        var inputBytes: Int
        var weightBytes: Int
        var outputBytes: Int
        var cycles: Int
    }

    init(_ layers: [Layer], bytesPerCycle: Double) {
        self.bytesPerCycle = bytesPerCycle
        written = [Double](repeating: 0, count: layers.count)
        let all = layers.enumerated().flatMap { index, layer in layer.pieces.indices.map { (layer: index, piece: $0) } }
        var isFetched = (input: false, weights: false)
        var ready = 0.0
        for (number, place) in all.enumerated() {
            let layer = layers[place.layer]
            let piece = layer.pieces[place.piece]
            if !isFetched.weights { ready = fetchWeights(place, piece) }
            if !isFetched.input {
                ready = max(ready, fetchInput(place, piece, after: whenWritten(layer.sources, layers)))
            }
            let done = compute(place, piece, after: ready)
            isFetched = (false, false)
            ready = 0
            // The next piece comes in while this one is worked on, and before its result goes out.
            if number + 1 < all.count {
                let next = all[number + 1]
                ready = fetchWeights(next, layers[next.layer].pieces[next.piece])
                isFetched.weights = true
                if next.layer == place.layer {
                    ready = max(ready, fetchInput(next, layer.pieces[next.piece], after: 0))
                    isFetched.input = true
                }
            }
            store(place, piece, after: done)
            if !layer.hasCycles, place.piece == 0 { onlyMoved.append(place.layer) }
        }
        cycles = max(moverFree, multipliersFree)
    }

    /// When the last of these layers' outputs is in DRAM; one that is not the NPU's stands for what it reads.
    private func whenWritten(_ sources: [Int], _ layers: [Layer]) -> Double {
        sources.map { layers[$0].pieces.isEmpty ? whenWritten(layers[$0].sources, layers) : written[$0] }.max() ?? 0
    }

    private typealias Place = (layer: Int, piece: Int)

    private mutating func move(_ bytes: Int, _ place: Place, _ action: Action, after: Double) -> Double {
        guard bytes > 0 else { return after }
        let start = max(moverFree, after)
        moverFree = start + Double(bytes) / bytesPerCycle
        movingCycles += moverFree - start
        events.append(Event(layer: place.layer, piece: place.piece, action: action, start: start, end: moverFree))
        return moverFree
    }

    /// - Returns: when it is there.
    private mutating func fetchWeights(_ place: Place, _ piece: Piece) -> Double {
        guard piece.weightBytes > 0 else { return 0 }
        let end = move(piece.weightBytes, place, .fetchWeights, after: weightsFree.0)
        // Free again when what is computed with it is known; until then never.
        weightsFree = (weightsFree.1, .infinity)
        return end
    }

    private mutating func fetchInput(_ place: Place, _ piece: Piece, after: Double) -> Double {
        guard piece.inputBytes > 0 else { return after }
        let end = move(piece.inputBytes, place, .fetchInput, after: max(after, inputFree.0))
        inputFree = (inputFree.1, .infinity)
        return end
    }

    private mutating func compute(_ place: Place, _ piece: Piece, after: Double) -> Double {
        let start = max(multipliersFree, after, outputFree.0)
        multipliersFree = start + Double(piece.cycles)
        computingCycles += Double(piece.cycles)
        if piece.cycles > 0 {
            events.append(
                Event(layer: place.layer, piece: place.piece, action: .compute, start: start, end: multipliersFree))
        }
        // Whoever is in the buffers now has been worked on.
        inputFree.1 = multipliersFree
        weightsFree.1 = multipliersFree
        return multipliersFree
    }

    private mutating func store(_ place: Place, _ piece: Piece, after: Double) {
        let end = move(piece.outputBytes, place, .store, after: after)
        outputFree = (outputFree.1, end)
        written[place.layer] = max(written[place.layer], end)
    }
}
