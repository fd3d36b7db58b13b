/// Chooses, for each group of connected nodes that do not care, the order of dimensions that leaves the fewest elements
/// to be transposed where the group meets the rest.
///
/// A group is what free nodes (``Layout/isFree(_:_:)``) form through the values between them. Its operands come from
/// outside, straight or through a ``Transpose``; for each order the transposes that would then be needed at its edges
/// are counted, and the best one that beats the present order is taken. Groups look at each other's choice, in a few
/// sweeps.
struct LayoutChoice {
    /// Where a group meets the rest: `from`, transposed, is what `to` reads.
    private struct Edge: Hashable {
        var from: ValueID
        var permutation: [Int]
        /// nil outside of all groups.
        var fromGroup: Int?
        var toGroup: Int?
        /// What a reshape outside of all groups makes of the value.
        var reshape: [Int]?
    }

    private struct Need: Hashable {
        var from: ValueID
        var permutation: [Int]
    }

    private struct Cost: Comparable {
        var elements = 0
        var transposes = 0
        static func < (a: Cost, b: Cost) -> Bool { (a.elements, a.transposes) < (b.elements, b.transposes) }
    }

    /// More only helps groups that meet without anything between them, a few in a row.
    private static let sweepLimit = 4
    /// Orders that are tried for a group; images know two.
    private static let candidateLimit = 8

    private var groupOfNode: [Int: Int] = [:]
    private var edges: [[Edge]] = []
    private var orders: [[Int]?] = []

    /// - Returns: how many groups were laid out anew.
    static func run(_ editor: inout ModelEditor) throws(ModelError) -> Int {
        var choice = LayoutChoice()
        choice.findGroups(editor)
        choice.findEdges(editor)
        choice.chooseOrders(editor)
        let changed = choice.orders.count { $0 != nil }
        if changed > 0 { try choice.apply(&editor) }
        return changed
    }

    // MARK: Groups and edges

    private mutating func findGroups(_ editor: ModelEditor) {
        var parents: [Int: Int] = [:]
        func root(_ number: Int) -> Int {
            var number = number
            while let parent = parents[number], parent != number { number = parent }
            return number
        }
        for number in editor.nodeNumbers {
            guard let node = editor.node(number), Layout.isFree(node, editor.model) else { continue }
            parents[number] = number
        }
        for number in parents.keys.sorted() {
            guard let node = editor.node(number) else { continue }
            for place in Layout.laidOperands(node, editor.model) {
                guard let operand = node.inputs[place], let writer = editor.writer(of: operand), parents[writer] != nil
                else { continue }
                let (a, b) = (root(number), root(writer))
                parents[max(a, b)] = min(a, b)
                // Short ways to the root, so that long chains stay linear.
                parents[number] = min(a, b)
                parents[writer] = min(a, b)
            }
        }
        var numbers: [Int: Int] = [:]
        for number in parents.keys.sorted() {
            let group = numbers[root(number)] ?? numbers.count
            numbers[root(number)] = group
            groupOfNode[number] = group
        }
        edges = Array(repeating: [], count: numbers.count)
        orders = Array(repeating: nil, count: numbers.count)
    }

    /// What a value is made of: another one behind a transpose, or itself.
    private func source(_ value: ValueID, _ editor: ModelEditor) -> (from: ValueID, permutation: [Int]) {
        var (value, permutation) = (value, Array(editor[value].shape.indices))
        while let (number, transpose) = editor.writer(of: value, as: Transpose.self),
            let x = editor.node(number)?.inputs[0]
        {
            (value, permutation) = (x, Permutation.joined(transpose.permutation, permutation))
        }
        return (value, permutation)
    }

    private func group(writing value: ValueID, _ editor: ModelEditor) -> Int? {
        editor.writer(of: value).flatMap { groupOfNode[$0] }
    }

    private mutating func findEdges(_ editor: ModelEditor) {
        for number in editor.nodeNumbers {
            guard let node = editor.node(number), !(node.operation is Transpose) else { continue }
            let to = groupOfNode[number]
            let laid = to == nil ? Array(node.inputs.indices) : Layout.laidOperands(node, editor.model)
            for place in laid {
                guard let operand = node.inputs[place] else { continue }
                addEdge(operand, to, (node.operation as? Reshape)?.shape, editor)
            }
        }
        for output in Set(editor.model.outputs) { addEdge(output, nil, nil, editor) }
    }

    private mutating func addEdge(_ operand: ValueID, _ to: Int?, _ reshape: [Int]?, _ editor: ModelEditor) {
        let (from, permutation) = source(operand, editor)
        let edge = Edge(
            from: from, permutation: permutation, fromGroup: group(writing: from, editor), toGroup: to, reshape: reshape
        )
        if edge.fromGroup == to, to != nil, Permutation.isIdentity(permutation) { return }
        for group in Set([edge.fromGroup, to].compactMap { $0 }) { edges[group].append(edge) }
    }

    // MARK: Choice

    private func order(_ group: Int?) -> [Int]? { group.flatMap { orders[$0] } }

    /// The transpose that an edge needs between two orders (nil: as it is).
    private func needed(_ permutation: [Int], from: [Int]?, to: [Int]?) -> [Int] {
        var result = to.map { Permutation.joined(permutation, $0) } ?? permutation
        if let from { result = Permutation.joined(Permutation.inverse(from), result) }
        return result
    }

    private func cost(of group: Int, in order: [Int]?, _ editor: ModelEditor) -> Cost {
        var needs: [Need: Int] = [:]
        for edge in edges[group] {
            let from = edge.fromGroup == group ? order : self.order(edge.fromGroup)
            let to = edge.toGroup == group ? order : self.order(edge.toGroup)
            let permutation = needed(edge.permutation, from: from, to: to)
            if Permutation.isIdentity(permutation) { continue }
            let need = Need(from: edge.from, permutation: permutation)
            let shape = from.map { Permutation.apply($0, to: editor[edge.from].shape) } ?? editor[edge.from].shape
            needs[need] = max(needs[need] ?? 0, price(permutation, of: shape, edge.reshape))
        }
        return Cost(elements: needs.values.reduce(0, +), transposes: needs.count)
    }

    /// Elements moved, in halves: one that can go on below a reshape may well cancel there.
    private func price(_ permutation: [Int], of shape: [Int], _ reshape: [Int]?) -> Int {
        if Permutation.movesNothing(permutation, of: shape) { return 0 }
        let elements = shape.reduce(1, *)
        guard let reshape, DimensionRuns.exchange(shape, permutation, reshape: reshape) != nil else {
            return 2 * elements
        }
        return elements
    }

    /// The orders that spare the group a transpose at one of its edges.
    private func candidates(_ group: Int) -> [[Int]] {
        var counts: [[Int]: Int] = [:]
        for edge in edges[group] where edge.fromGroup != edge.toGroup {
            // permutation joined with ours is the identity, or the other way round
            let other = edge.fromGroup == group ? order(edge.toGroup) : order(edge.fromGroup)
            let order =
                edge.fromGroup == group
                ? needed(edge.permutation, from: nil, to: other)
                : Permutation.inverse(needed(edge.permutation, from: other, to: nil))
            counts[order, default: 0] += 1
        }
        return counts.sorted { ($0.value, $1.key.description) > ($1.value, $0.key.description) }
            .prefix(Self.candidateLimit).map(\.key)
    }

    private mutating func chooseOrders(_ editor: ModelEditor) {
        for _ in 0..<Self.sweepLimit {
            var isChanged = false
            for group in edges.indices {
                var best = orders[group]
                var bestCost = cost(of: group, in: best, editor)
                if bestCost.transposes == 0 { continue }
                for candidate in candidates(group) {
                    let order = Permutation.isIdentity(candidate) ? nil : candidate
                    let candidateCost = cost(of: group, in: order, editor)
                    if candidateCost < bestCost { (best, bestCost) = (order, candidateCost) }
                }
                isChanged = isChanged || best != orders[group]
                orders[group] = best
            }
            if !isChanged { return }
        }
    }

    // MARK: Application

    private func apply(_ editor: inout ModelEditor) throws(ModelError) {
        var made: [Need: ValueID] = [:]
        // Operands first, while all shapes are the old ones.
        for number in editor.nodeNumbers {
            guard let node = editor.node(number), !(node.operation is Transpose) else { continue }
            let to = groupOfNode[number]
            let laid = to == nil ? Array(node.inputs.indices) : Layout.laidOperands(node, editor.model)
            for place in laid {
                guard let operand = node.inputs[place],
                    let replacement = operandInOrder(operand, to, &editor, &made)
                else { continue }
                editor.setInput(number, place, replacement)
            }
            if let order = order(to) { try rename(number, node, order, &editor) }
        }
        for output in Set(editor.model.outputs) {
            if let replacement = operandInOrder(output, nil, &editor, &made) {
                editor.replaceOutput(output, with: replacement)
            }
        }
        for number in groupOfNode.keys {
            guard let node = editor.node(number), let order = order(groupOfNode[number]) else { continue }
            for output in node.outputs { editor[output].shape = Permutation.apply(order, to: editor[output].shape) }
        }
    }

    /// What a reader is to read now; nil if that stays as it is.
    private func operandInOrder(
        _ operand: ValueID, _ to: Int?, _ editor: inout ModelEditor, _ made: inout [Need: ValueID]
    ) -> ValueID? {
        let (from, permutation) = source(operand, editor)
        let (fromOrder, toOrder) = (order(group(writing: from, editor)), order(to))
        if fromOrder == nil, toOrder == nil { return nil }
        let needed = needed(permutation, from: fromOrder, to: toOrder)
        if Permutation.isIdentity(needed) { return from == operand ? nil : from }
        let need = Need(from: from, permutation: needed)
        if let value = made[need] { return value }
        let old = editor[from].shape
        let shape = Permutation.apply(needed, to: fromOrder.map { Permutation.apply($0, to: old) } ?? old)
        let value = editor.addNode(
            editor[from].name + ".transposed", Transpose(permutation: needed), inputs: [from], like: from, shape: shape)
        made[need] = value
        return value
    }

    private func rename(
        _ number: Int, _ node: Node, _ order: [Int], _ editor: inout ModelEditor
    ) throws(ModelError) {
        if let operation = Layout.renamed(node.operation, order) { editor.setOperation(number, operation) }
        for place in Layout.laidConstants(node, editor.model) {
            guard let operand = node.inputs[place] else { continue }
            let shape = editor[operand].shape
            let full = Array(repeating: 1, count: order.count - shape.count) + shape
            guard let reshaped = editor.reshapedConstant(operand, full) else { continue }
            editor.setInput(number, place, try editor.transposedConstant(reshaped, order))
        }
    }
}
