/// Node tests of claimed operators that are left out: forms that the importer refuses by name.
enum NodeTestExclusions {
    /// By reason, without the leading `test_`.
    static let groups: [String: [String]] = [
        "images of three dimensions": [
            "averagepool_3d_default", "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False",
            "averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True",
            "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False",
            "averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
            "averagepool_3d_dilations_small", "convtranspose_3d", "maxpool_3d_default", "maxpool_3d_dilations",
            "maxpool_3d_dilations_use_ref_impl", "maxpool_3d_dilations_use_ref_impl_large",
        ],
        "training": [
            "batchnorm_epsilon_training_mode", "batchnorm_example_training_mode", "training_dropout",
            "training_dropout_default", "training_dropout_default_mask", "training_dropout_mask",
            "training_dropout_zero_ratio", "training_dropout_zero_ratio_mask",
        ],
        "scales for blocks": [
            "dequantizelinear_blocked", "quantizelinear_blocked_asymmetric", "quantizelinear_blocked_symmetric",
        ],
        "the places of the maxima, MaxPool's second output": [
            "maxpool_with_argmax_2d_precomputed_pads", "maxpool_with_argmax_2d_precomputed_strides",
        ],
        "cubic interpolation": [
            "resize_downsample_scales_cubic", "resize_downsample_scales_cubic_A_n0p5_exclude_outside",
            "resize_downsample_scales_cubic_align_corners", "resize_downsample_scales_cubic_antialias",
            "resize_downsample_sizes_cubic", "resize_downsample_sizes_cubic_antialias",
            "resize_upsample_scales_cubic", "resize_upsample_scales_cubic_A_n0p5_exclude_outside",
            "resize_upsample_scales_cubic_align_corners", "resize_upsample_scales_cubic_asymmetric",
            "resize_upsample_sizes_cubic",
        ],
        "antialiasing": [
            "resize_downsample_scales_linear_antialias", "resize_downsample_sizes_linear_antialias",
        ],
        "half_pixel_symmetric and tf_half_pixel_for_nn coordinates": [
            "resize_downsample_sizes_nearest_tf_half_pixel_for_nn",
            "resize_downsample_scales_linear_half_pixel_symmetric",
            "resize_upsample_scales_linear_half_pixel_symmetric",
        ],
        "cropping within Resize": [
            "resize_tf_crop_and_resize", "resize_tf_crop_and_resize_axes_2_3", "resize_tf_crop_and_resize_axes_3_2",
            "resize_tf_crop_and_resize_extrapolation_value",
        ],
    ]

    static let reasons = groups.reduce(into: [String: String]()) { reasons, group in
        for name in group.value { reasons["test_" + name] = group.key }
    }
}
