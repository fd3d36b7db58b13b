import Plant

/// Finds the tags of a topic without making a string of it: each topic is looked at closely once, then remembered.
struct TopicRoutes {
    /// A topic that has been seen, and what belongs to it.
    struct Route {
        var topic: [UInt8]
        /// Index of the rule; nil when no rule matches or the names that it gives are none.
        var rule: Int?
        var tags: [TagID]
    }

    /// Tags that wild cards make in one link at most: a publisher gone wild must not fill the store with names.
    static let maxWildcardTags = 10_000
    /// Topics remembered at most; one more is looked at closely each time.
    static let maxRoutes = 20_000

    /// Bytes of topics remembered at most: a topic may have 64 kB, and its publisher all the time in the world.
    static let maxTopicBytes = 4 << 20

    private var routes: [Route] = []
    private var topicBytes = 0
    private var places: [UInt64: Int] = [:]
    /// Of this process only, so that nobody outside can choose topics that meet.
    private let seed = UInt64.random(in: .min ... .max)

    /// - Returns: nil for a topic that has not been seen.
    // SAFETY: the bytes are read during the call only; the caller keeps them for so long.
    func route(of topic: UnsafeRawBufferPointer) -> Route? {
        var hash = Digest64.of(topic, seed: seed)
        while let place = places[hash] {
            if routes[place].topic.count == topic.count, routes[place].topic.elementsEqual(topic) {
                return routes[place]
            }
            hash &+= 1
        }
        return nil
    }

    mutating func remember(_ route: Route) {
        guard routes.count < Self.maxRoutes, topicBytes + route.topic.count <= Self.maxTopicBytes else { return }
        topicBytes += route.topic.count
        var hash = route.topic.withUnsafeBytes { Digest64.of($0, seed: seed) }
        while places[hash] != nil { hash &+= 1 }
        places[hash] = routes.count
        routes.append(route)
    }
}
