package import Pictures
internal import Signals

/// How a picture is seen before anything judges it: brought to where its reference lies, cut to the region, and even where
/// nothing counts.
struct Sight {
    /// A part that lies as all of them should, and how far others may lie from there.
    struct Reference {
        let alignment: RigidAlignment
        let leastCorrelation: Double
    }

    /// What there is to judge.
    struct Seen {
        var picture: Picture
        /// Where the part lies in the picture as it came, beside the reference.
        var placement: Placement?
        /// Its correlation with the reference there.
        var likeness: Double?
    }

    private let region: Box?
    /// Of each pixel of the region, whether it counts; empty where all do.
    private let mask: [Bool]
    private let reference: Reference?

    init(region: Box?, mask: [Bool] = [], reference: Reference? = nil) {
        self.region = region
        self.mask = mask
        self.reference = reference
    }

    /// - Parameter picture: of the reference's size where there is one.
    /// - Throws: why it shows no part that could be judged.
    func see(_ picture: Picture) throws(NotJudged) -> Seen {
        var seen = Seen(picture: picture)
        if let reference {
            let found = reference.alignment.place(in: Plane(picture.grey))
            guard found.correlation >= reference.leastCorrelation else {
                throw .anotherPart(correlation: found.correlation, least: reference.leastCorrelation)
            }
            seen.picture = Self.straightened(picture, found.placement)
            (seen.placement, seen.likeness) = (found.placement, found.correlation)
        }
        do throws(InspectionError) { seen.picture = try seen.picture.region(region) } catch {
            throw .size(
                expected: "a picture that holds the region", found: "\(picture.width) x \(picture.height) pixels")
        }
        if !mask.isEmpty { seen.picture = blank(seen.picture) }
        return seen
    }

    /// From what is seen to the picture as it came.
    func inPicture(_ box: Box, _ picture: InspectionRecipe.Size, _ placement: Placement?) -> Box {
        var box = box
        if let region {
            box = Box(
                left: box.left + region.left, top: box.top + region.top, right: box.right + region.left,
                bottom: box.bottom + region.top)
        }
        guard let placement else { return box }
        let turn = Turn(placement, width: picture.width, height: picture.height)
        let corners = [(box.left, box.top), (box.right, box.top), (box.left, box.bottom), (box.right, box.bottom)].map {
            turn.place(Float($0.0) - 0.5, Float($0.1) - 0.5)
        }
        func bounds(_ values: [Float], _ most: Int) -> (low: Int, high: Int) {
            let low = min(max(Int(((values.min() ?? 0) + 0.5).rounded(.down)), 0), most - 1)
            return (low, min(max(Int(((values.max() ?? 0) + 0.5).rounded(.up)), low + 1), most))
        }
        let (across, down) = (bounds(corners.map(\.x), picture.width), bounds(corners.map(\.y), picture.height))
        return Box(left: across.low, top: down.low, right: across.high, bottom: down.high)
    }

    /// From places of the reference to places of the picture.
    private struct Turn {
        private let cosine: Float
        private let sine: Float
        private let middleX: Float
        private let middleY: Float
        private let shiftX: Float
        private let shiftY: Float

        init(_ placement: Placement, width: Int, height: Int) {
            let turn = Elementary.sineCosine(turns: placement.degrees / 360)
            (cosine, sine) = (Float(turn.cosine), Float(turn.sine))
            (middleX, middleY) = (Float(width - 1) / 2, Float(height - 1) / 2)
            (shiftX, shiftY) = (Float(placement.x), Float(placement.y))
        }

        func place(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
            let (u, v) = (x - middleX, y - middleY)
            return (cosine * u - sine * v + middleX + shiftX, sine * u + cosine * v + middleY + shiftY)
        }
    }

    /// The picture with its part where the reference's lies; beyond its edges they count on outwards.
    private static func straightened(_ picture: Picture, _ placement: Placement) -> Picture {
        let (width, height, channels) = (picture.width, picture.height, picture.channels)
        let turn = Turn(placement, width: width, height: height)
        var pixels = picture.pixels
        for channel in 0..<channels {
            var plane = Plane(width: width, height: height)
            for index in plane.values.indices {
                plane.values[index] = Float(picture.pixels[index * channels + channel])
            }
            plane.viewed { view in
                for y in 0..<height {
                    for x in 0..<width {
                        let at = turn.place(Float(x), Float(y))
                        pixels[(y * width + x) * channels + channel] = UInt8(view.value(x: at.x, y: at.y).rounded())
                    }
                }
            }
        }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// What does not count gets the mean of what does, channel by channel: the same in every part, whatever lay there.
    private func blank(_ picture: Picture) -> Picture {
        let channels = picture.channels
        let counted = max(mask.count { $0 }, 1)
        var pixels = picture.pixels
        for channel in 0..<channels {
            var sum = 0
            for (index, counts) in mask.enumerated() where counts { sum += Int(pixels[index * channels + channel]) }
            let mean = UInt8((sum + counted / 2) / counted)
            for (index, counts) in mask.enumerated() where !counts { pixels[index * channels + channel] = mean }
        }
        return Picture(width: picture.width, height: picture.height, channels: channels, pixels: pixels)
    }

    /// Of a picture of the size of what is looked at, black where nothing counts.
    static func mask(_ mask: Picture?, of size: InspectionRecipe.Size) throws(InspectionError) -> [Bool] {
        guard let mask else { return [] }
        guard mask.width == size.width, mask.height == size.height else {
            throw .pictures(
                expected: "a mask of \(size), as what is looked at",
                found: "one of \(mask.width) x \(mask.height)")
        }
        let levels = mask.grey.pixels.map { $0 >= 128 }
        guard levels.contains(true) else {
            throw .pictures(expected: "a mask that leaves something", found: "all black")
        }
        return levels
    }
}

/// What of a picture is looked at by a network, and how it is brought there.
package struct SightSettings: Sendable, Equatable {
    /// The only part that is looked at.
    package var region: Box?
    /// Of the region's size, black where nothing counts.
    package var mask: Picture?
    /// A whole picture of a part that lies as all should.
    package var reference: Picture?
    package var limits = RigidAlignment.Limits()
    /// Below this correlation with the reference it is another part.
    static let leastCorrelation = 0.5
    /// Below this contrast the reference has nothing that says where it lies.
    private static let leastContrast = 0.01

    package init() {}

    /// What every picture must be of; nil where pictures of any size may come.
    var size: InspectionRecipe.Size? { reference.map { .init(width: $0.width, height: $0.height) } }

    /// - Parameter picture: the first one, which says how large pictures are where no reference does.
    func sight(for picture: Picture) throws(InspectionError) -> Sight {
        let whole = size ?? .init(width: picture.width, height: picture.height)
        let looked =
            region.map { InspectionRecipe.Size(width: $0.right - $0.left, height: $0.bottom - $0.top) } ?? whole
        var found: Sight.Reference?
        if let reference {
            let plane = Plane(reference.grey)
            guard PictureQuality(of: plane).contrast >= Self.leastContrast else {
                throw .pictures(expected: "a reference that shows where it lies", found: "an even one")
            }
            found = .init(
                alignment: RigidAlignment(golden: plane, limits: limits), leastCorrelation: Self.leastCorrelation)
        }
        return Sight(region: region, mask: try Sight.mask(mask, of: looked), reference: found)
    }
}
