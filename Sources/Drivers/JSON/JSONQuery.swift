import CJSON

/// Several paths as one tree, so that one pass over a text finds them all.
///
/// The tree lies in flat arrays, as the scanner's C code reads it.
struct JSONQuery: Sendable {
    private(set) var nodes: [mw_json_node] = []
    private(set) var fields: [mw_json_field] = []
    private(set) var names: [UInt8] = []
    private(set) var elements: [mw_json_element] = []
    private(set) var slots: [UInt32] = []
    /// By slot, whether its answer is a list.
    let isList: [Bool]

    /// - Parameter paths: the answer to `paths[i]` goes to slot i; one path may come twice, and no two may conflict.
    init(_ paths: [JSONPath]) {
        isList = paths.map(\.isList)
        var tree = Tree()
        for (slot, path) in paths.enumerated() { tree.add(path, slot: slot) }
        for branch in tree.branches { add(branch, isEachPlain: branch.each.map { tree.branches[$0].isPlain } ?? false) }
    }

    private mutating func add(_ branch: Tree.Branch, isEachPlain: Bool) {
        var node = mw_json_node()
        node.fields = UInt32(fields.count)
        node.field_count = UInt32(branch.fields.count)
        node.guess = node.fields
        for (index, (name, child)) in branch.fields.enumerated() {
            var field = mw_json_field()
            field.first = Self.word(name.prefix(8))
            if name.count > 8 { field.last = Self.word(name.suffix(8)) }
            if name.count == 8 { field.last = field.first }
            field.name = UInt32(names.count)
            field.length = UInt32(name.count)
            field.node = UInt32(child)
            // Until a text shows another one, the order of the configuration.
            field.next = node.fields + UInt32((index + 1) % branch.fields.count)
            field.is_plain = name.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            node.lengths |= 1 << UInt64(min(name.count, 63))
            names += name
            fields.append(field)
        }
        node.elements = UInt32(elements.count)
        node.element_count = UInt32(branch.elements.count)
        elements += branch.elements.map { mw_json_element(index: UInt32($0.index), node: UInt32($0.node)) }
        node.each = Int32(branch.each ?? -1)
        node.is_plain = branch.slots.count == 1 && branch.lists.isEmpty && !isList[Int(branch.slots[0])]
        node.is_each_plain = isEachPlain
        node.slots = UInt32(slots.count)
        node.slot_count = UInt32(branch.slots.count)
        slots += branch.slots
        node.lists = UInt32(slots.count)
        node.list_count = UInt32(branch.lists.count)
        slots += branch.lists
        nodes.append(node)
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private struct Tree {
        struct Branch {
            var fields: [(name: [UInt8], node: Int)] = []
            var elements: [(index: Int, node: Int)] = []
            var each: Int?
            var slots: [UInt32] = []
            var lists: [UInt32] = []

            /// Whether it is one answer, and nothing below it is any.
            var isPlain: Bool {
                slots.count == 1 && lists.isEmpty && fields.isEmpty && elements.isEmpty && each == nil
            }
        }

        var branches = [Branch()]

        mutating func add(_ path: JSONPath, slot: Int) {
            var at = 0
            for step in path.steps {
                if step == .each { branches[at].lists.append(UInt32(slot)) }
                at = child(of: at, step)
            }
            branches[at].slots.append(UInt32(slot))
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
