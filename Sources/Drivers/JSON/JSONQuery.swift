/// Several paths as one tree, so that one pass over a text finds them all.
///
/// The tree lies in flat arrays of plain numbers: nothing is allocated or counted while a text is read.
struct JSONQuery: Sendable {
    /// A name that leads on.
    struct Field: Sendable {
        /// Its first 8 bytes, zero where it is shorter.
        var prefix: UInt64
        /// In ``JSONQuery/names``.
        var name: Range<Int>
        var node: Int
    }

    struct Node: Sendable {
        /// In ``JSONQuery/fields``.
        var fields = 0..<0
        /// In ``JSONQuery/elements``.
        var elements = 0..<0
        /// Where each element leads; nil where single ones are wanted, or none.
        var each: Int?
        /// In ``JSONQuery/slots``: which answers stand here.
        var slots = 0..<0
        /// In ``JSONQuery/slots``: whose list this array is.
        var lists = 0..<0

        /// Whether it is one answer, and nothing below it is any.
        var isPlain: Bool {
            slots.count == 1 && lists.isEmpty && fields.isEmpty && elements.isEmpty && each == nil
        }

        /// Whether anybody asks what stands here.
        var isWanted: Bool { !slots.isEmpty || !lists.isEmpty }
    }

    private(set) var nodes: [Node] = []
    private(set) var fields: [Field] = []
    private(set) var names: [UInt8] = []
    private(set) var elements: [(index: Int, node: Int)] = []
    private(set) var slots: [Int] = []
    /// By slot, whether its answer is a list.
    let isList: [Bool]
    /// Those whose answers are lists.
    let listSlots: [Int]

    /// - Parameter paths: the answer to `paths[i]` goes to slot i; one path may come twice, and no two may conflict.
    init(_ paths: [JSONPath]) {
        isList = paths.map(\.isList)
        listSlots = paths.indices.filter { paths[$0].isList }
        var tree = Tree()
        for (slot, path) in paths.enumerated() { tree.add(path, slot: slot) }
        for branch in tree.branches {
            var node = Node(each: branch.each)
            node.fields = fields.count..<(fields.count + branch.fields.count)
            for (name, child) in branch.fields {
                fields.append(
                    Field(
                        prefix: Self.prefix(name), name: names.count..<(names.count + name.count), node: child))
                names += name
            }
            node.elements = elements.count..<(elements.count + branch.elements.count)
            elements += branch.elements
            node.slots = slots.count..<(slots.count + branch.slots.count)
            slots += branch.slots
            node.lists = slots.count..<(slots.count + branch.lists.count)
            slots += branch.lists
            nodes.append(node)
        }
    }

    private static func prefix(_ name: [UInt8]) -> UInt64 {
        name.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    }

    private struct Tree {
        struct Branch {
            var fields: [(name: [UInt8], node: Int)] = []
            var elements: [(index: Int, node: Int)] = []
            var each: Int?
            var slots: [Int] = []
            var lists: [Int] = []
        }

        var branches = [Branch()]

        mutating func add(_ path: JSONPath, slot: Int) {
            var at = 0
            for step in path.steps {
                if step == .each { branches[at].lists.append(slot) }
                at = child(of: at, step)
            }
            branches[at].slots.append(slot)
        }

        private mutating func child(of node: Int, _ step: JSONPath.Step) -> Int {
            switch step {
            case .field(let name):
                let bytes = Array(name.utf8)
                if let known = branches[node].fields.first(where: { $0.name == bytes }) { return known.node }
                branches[node].fields.append((bytes, branches.count))
            case .element(let index):
                precondition(branches[node].each == nil, "paths that conflict: the configuration refuses them")
                if let known = branches[node].elements.first(where: { $0.index == index }) { return known.node }
                branches[node].elements.append((index, branches.count))
            case .each:
                precondition(branches[node].elements.isEmpty, "paths that conflict: the configuration refuses them")
                if let known = branches[node].each { return known }
                branches[node].each = branches.count
            }
            branches.append(Branch())
            return branches.count - 1
        }
    }
}
