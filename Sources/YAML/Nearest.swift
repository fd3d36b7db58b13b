/// Finds what was probably meant.
package enum Nearest {
    /// The candidate with the smallest edit distance to a word, if it is near enough to be a slip of the hand.
    ///
    /// - Returns: nil when nothing is near: more than a third of the letters (at least one, at most three) differ.
    package static func match(_ word: String, among candidates: [String]) -> String? {
        // A longer word is no slip, and the distance costs length times length.
        guard word.utf8.count <= 64 else { return nil }
        let letters = Array(word.lowercased())
        let allowed = min(3, max(1, letters.count / 3))
        var best: (distance: Int, candidate: String)?
        for candidate in candidates where candidate.utf8.count <= 64 {
            let distance = distance(letters, Array(candidate.lowercased()))
            if distance <= allowed, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.candidate
    }

    /// Letters put in, left out, exchanged or swapped with their neighbour, at least as many as needed.
    ///
    /// - Source: optimal string alignment distance (Damerau 1964, restricted).
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [Int](repeating: 0, count: b.count + 1)
            row[0] = i
            for j in 1...b.count {
                let exchange = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                row[j] = min(row[j - 1] + 1, last[j] + 1, exchange)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
