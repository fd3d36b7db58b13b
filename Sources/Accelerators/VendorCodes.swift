/// What a vendor's return codes mean.
struct VendorCodes: Sendable {
    private let meanings: [Int32: String]

    func meaning(_ code: Int32) -> String { meanings[code] ?? "a code that the vendor has not published" }

    /// - Source: rknn_api.h, `RKNN_ERR_...`.
    static let rknn = VendorCodes(meanings: [
        -1: "RKNN_ERR_FAIL, failed", -2: "RKNN_ERR_TIMEOUT, out of time",
        -3: "RKNN_ERR_DEVICE_UNAVAILABLE, no device to be had", -4: "RKNN_ERR_MALLOC_FAIL, no memory",
        -5: "RKNN_ERR_PARAM_INVALID, bad argument", -6: "RKNN_ERR_MODEL_INVALID, bad model",
        -7: "RKNN_ERR_CTX_INVALID, bad context", -8: "RKNN_ERR_INPUT_INVALID, bad input",
        -9: "RKNN_ERR_OUTPUT_INVALID, bad output",
        -10: "RKNN_ERR_DEVICE_UNMATCH, library and driver or firmware do not fit together",
        -11: "RKNN_ERR_INCOMPATILE_PRE_COMPILE_MODEL, precompiled for another driver",
        -12: "RKNN_ERR_INCOMPATILE_OPTIMIZATION_LEVEL_VERSION, optimized for another driver",
        -13: "RKNN_ERR_TARGET_PLATFORM_UNMATCH, model of another chip",
    ])

    /// - Source: acl_base.h, `ACL_ERROR_...`, and rt_error_codes.h, `ACL_ERROR_RT_...`; the ones that inference meets.
    static let acl = VendorCodes(meanings: [
        100000: "ACL_ERROR_INVALID_PARAM, bad argument", 100001: "ACL_ERROR_UNINITIALIZE, not initialized",
        100002: "ACL_ERROR_REPEAT_INITIALIZE, initialized twice", 100003: "ACL_ERROR_INVALID_FILE, bad file",
        100011: "ACL_ERROR_INVALID_MODEL_ID, no such model",
        100012: "ACL_ERROR_DESERIALIZE_MODEL, model cannot be read",
        100013: "ACL_ERROR_PARSE_MODEL, model cannot be parsed", 100014: "ACL_ERROR_READ_MODEL_FAILURE, model not read",
        100015: "ACL_ERROR_MODEL_SIZE_INVALID, model of another size",
        100016: "ACL_ERROR_MODEL_MISSING_ATTR, model incomplete",
        100017: "ACL_ERROR_MODEL_INPUT_NOT_MATCH, inputs do not fit the model",
        100018: "ACL_ERROR_MODEL_OUTPUT_NOT_MATCH, outputs do not fit the model",
        200000: "ACL_ERROR_BAD_ALLOC, no memory", 207001: "ACL_ERROR_RT_MEMORY_ALLOCATION, no device memory",
        500000: "ACL_ERROR_INTERNAL_ERROR, fault inside", 507000: "ACL_ERROR_RT_INTERNAL_ERROR, fault inside",
        507010: "ACL_ERROR_RT_LOST_HEARTBEAT, scheduler gone", 507011: "ACL_ERROR_RT_MODEL_EXECUTE, model failed",
        507012: "ACL_ERROR_RT_REPORT_TIMEOUT, no report in time",
        507014: "ACL_ERROR_RT_AICORE_TIMEOUT, AI core out of time",
        507015: "ACL_ERROR_RT_AICORE_EXCEPTION, AI core fault",
        507017: "ACL_ERROR_RT_AICPU_TIMEOUT, AI CPU out of time", 507018: "ACL_ERROR_RT_AICPU_EXCEPTION, AI CPU fault",
        507899: "ACL_ERROR_RT_DRV_INTERNAL_ERROR, fault in the driver",
    ])

    /// - Source: bmlib_runtime.h, `BM_ERR_...`.
    static let bm = VendorCodes(meanings: [
        1: "BM_ERR_DEVNOTREADY, device not ready", 2: "BM_ERR_FAILURE, failed", 3: "BM_ERR_TIMEOUT, out of time",
        4: "BM_ERR_PARAM, bad argument", 5: "BM_ERR_NOMEM, no memory", 6: "BM_ERR_DATA, bad data",
        7: "BM_ERR_BUSY, busy", 8: "BM_ERR_NOFEATURE, not made yet", 9: "BM_NOT_SUPPORTED, not supported",
    ])

    /// - Source: TPU Runtime development guide of the CV18xx, `CVI_RC_...`.
    static let cvi = VendorCodes(meanings: [
        1: "CVI_RC_AGAIN, not ready yet", 2: "CVI_RC_FAILURE, failed", 3: "CVI_RC_TIMEOUT, out of time",
        4: "CVI_RC_UNINIT, not initialized", 5: "CVI_RC_INVALID_ARG, bad argument", 6: "CVI_RC_NOMEM, no memory",
        7: "CVI_RC_DATA_ERR, bad data", 8: "CVI_RC_BUSY, busy", 9: "CVI_RC_UNSUPPORT, not supported",
    ])
}
