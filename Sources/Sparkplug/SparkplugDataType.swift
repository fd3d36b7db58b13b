/// What a metric's value is. The number goes over the wire.
///
/// - Source: Sparkplug 3.0, 6.4.16.
package enum SparkplugDataType: UInt32, CaseIterable, Hashable, Sendable {
    case unknown = 0
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64, float, double, boolean, string, dateTime, text
    case uuid, dataSet, bytes, file, template, propertySet, propertySetList
    case int8Array, int16Array, int32Array, int64Array, uint8Array, uint16Array, uint32Array, uint64Array
    case floatArray, doubleArray, booleanArray, stringArray, dateTimeArray

    /// Which kind of value of a tag it can be.
    package enum Form: Hashable, Sendable {
        case number, text
        /// Several numbers in one value.
        case array
        /// Tables, templates, files: nothing that a tag holds.
        case other
    }

    package var form: Form {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float, .double, .boolean, .dateTime:
            .number
        case .string, .text, .uuid: .text
        case .int8Array, .int16Array, .int32Array, .int64Array, .uint8Array, .uint16Array, .uint32Array, .uint64Array,
            .floatArray, .doubleArray, .booleanArray, .dateTimeArray:
            .array
        case .unknown, .dataSet, .bytes, .file, .template, .propertySet, .propertySetList, .stringArray: .other
        }
    }
}
