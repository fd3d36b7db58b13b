/// Stands for the station that nobody has configured: no picture is taken, and the link says why.
struct NoJudge: PictureSink {
    struct Refusal: Error, CustomStringConvertible {
        var stream: String
        var description: String { "no station judges the pictures \"\(stream)\"" }
    }

    func judges(_ stream: String) -> Bool { false }
    func take(_ picture: FieldPicture) throws -> PictureAnswer { throw Refusal(stream: picture.stream) }
}
