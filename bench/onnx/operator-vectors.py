#!/usr/bin/env python3
"""Writes Tests/CompilerTests/ONNX/Vectors/*.json: small operator tests with the results of ONNX Runtime, or of the
standard's reference evaluator where that has no kernel. pip install onnx onnxruntime; python3 operator-vectors.py DIR"""
import json, os, sys
import numpy as np, onnx, onnxruntime
from onnx import helper, TensorProto
from onnx.reference import ReferenceEvaluator

rng = np.random.default_rng(20261123)
groups = {}
i64 = lambda *v: np.array(v, np.int64)
f32 = lambda v: np.array(v, np.float32)
def r(*shape, lo=-2.0, hi=2.0): return np.round(rng.uniform(lo, hi, shape), 2).astype(np.float32)
def n(dtype, *shape, lo=0, hi=100): return rng.integers(lo, hi, shape).astype(dtype)
class K:
    "known beforehand: an initializer of the model"
    def __init__(self, a): self.a = np.asarray(a)

def case(suite, operator, inputs, version=13, /, outputs=1, name="", domain="", **attributes):
    arrays = [i.a if isinstance(i, K) else i for i in inputs]
    names = ["" if a is None else f"i{k}" for k, a in enumerate(arrays)]
    outs = [f"o{k}" for k in range(outputs)]
    node = helper.make_node(operator, names, outs, domain=domain, **attributes)
    def info(nm, a): return helper.make_tensor_value_info(nm, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
    fed = {nm: a for nm, a, i in zip(names, arrays, inputs) if a is not None and not isinstance(i, K)}
    known = [onnx.numpy_helper.from_array(a, nm) for nm, a, i in zip(names, arrays, inputs) if isinstance(i, K)]
    graph = helper.make_graph([node], "g", [info(k, v) for k, v in fed.items()],
                              [onnx.ValueInfoProto(name=o) for o in outs], known)
    imports = [helper.make_opsetid("", version)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    try:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        results = onnxruntime.InferenceSession(model.SerializeToString(), options).run(outs, fed)
        source = f"ONNX Runtime {onnxruntime.__version__}"
    except Exception as error:
        if domain: raise
        try: results = ReferenceEvaluator(model).run(outs, fed)
        except Exception as other: print(operator, name, version, str(error)[:200], "|", str(other)[:100]); return
        source = f"reference evaluator of onnx {onnx.__version__}"
    def tensor(a, known=None):
        a = np.asarray(a)
        values = [float(f"{v:.9g}") if a.dtype == np.float32 else int(v) for v in a.ravel()]
        assert a.dtype != np.float32 or np.isfinite(a).all(), (operator, name)
        row = {"type": a.dtype.name, "shape": list(a.shape), "elements": values}
        if known: row["known"] = True
        return row
    def attribute(v):
        if isinstance(v, float): return {"float": float(np.float32(v))}
        if isinstance(v, int): return {"int": v}
        if isinstance(v, str): return {"string": v}
        if isinstance(v, onnx.TensorProto): return {"tensor": tensor(onnx.numpy_helper.to_array(v))}
        if all(isinstance(x, float) for x in v) and v: return {"floats": [float(np.float32(x)) for x in v]}
        if all(isinstance(x, str) for x in v) and v: return {"strings": list(v)}
        return {"ints": list(v)}
    row = {"name": name, "operator": operator, "domain": domain, "opset": version, "source": source,
           "attributes": {k: attribute(v) for k, v in attributes.items()},
           "inputs": [None if a is None else tensor(a, isinstance(i, K)) for a, i in zip(arrays, inputs)],
           "outputs": [tensor(a) for a in results]}
    groups.setdefault(suite, []).append(row)

# Convolutions
for pad in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    case("convolution", "Conv", [r(1, 2, 5, 6), K(r(3, 2, 3, 2)), K(r(3))], 11, name=pad, auto_pad=pad, strides=[2, 2])
case("convolution", "Conv", [r(2, 2, 6), K(r(2, 2, 3))], name="length", pads=[2, 1], dilations=[2])
case("convolution", "Conv", [r(1, 4, 5, 4), K(r(4, 1, 3, 3)), K(r(4))], 10, name="depthwise", group=4, pads=[1, 0, 2, 1])
case("convolution", "Conv", [r(1, 4, 4, 4), K(r(6, 2, 2, 2))], 22, name="groups", group=2, dilations=[1, 2], kernel_shape=[2, 2])
case("convolution", "Conv", [r(1, 2, 4, 4), r(2, 2, 3, 3)], name="weights known late")
case("convolution", "ConvTranspose", [r(1, 4, 3, 3), K(r(4, 2, 3, 2)), K(r(4))], 11, name="groups", group=2, strides=[2, 3], pads=[1, 0, 0, 1], output_padding=[1, 0])
case("convolution", "ConvTranspose", [r(1, 2, 4), K(r(2, 3, 3))], 13, name="length", strides=[2], dilations=[2])
case("convolution", "ConvTranspose", [r(1, 1, 3, 3), K(r(1, 2, 3, 3))], 11, name="output shape", strides=[3, 2], output_shape=[10, 8])
case("convolution", "ConvTranspose", [r(1, 1, 3, 3), K(r(1, 2, 3, 3))], 11, name="alike", strides=[2, 2], auto_pad="SAME_UPPER")
# Pools
for kind, opset in (("MaxPool", 10), ("MaxPool", 12), ("AveragePool", 10), ("AveragePool", 19)):
    case("pooling", kind, [r(1, 2, 6, 5)], opset, name="rounded up", kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1, pads=[1, 0, 1, 1])
    case("pooling", kind, [r(1, 2, 7)], opset, name="length", kernel_shape=[3], strides=[2], auto_pad="SAME_UPPER")
case("pooling", "AveragePool", [r(1, 2, 5, 5)], 19, name="padding counted", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
case("pooling", "AveragePool", [r(1, 1, 6, 6)], 19, name="padding counted, rounded up", kernel_shape=[3, 3], strides=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1, ceil_mode=1)
case("pooling", "MaxPool", [n(np.uint8, 1, 1, 4, 4)], 12, name="bytes", kernel_shape=[2, 2], dilations=[2, 2])
case("pooling", "GlobalMaxPool", [r(1, 3, 2, 4)]); case("pooling", "GlobalAveragePool", [r(1, 3, 5)])
# Matrices
case("matrix", "Gemm", [r(2, 3), K(r(4, 3)), K(r(4))], 13, name="dense", transB=1)
case("matrix", "Gemm", [r(3, 2), K(r(3, 4)), K(r(2, 1))], 11, name="scaled", transA=1, alpha=0.5, beta=2.0)
case("matrix", "Gemm", [r(2, 3), K(r(3, 2))], 11, name="no bias")
case("matrix", "MatMul", [r(2, 1, 3, 4), K(r(5, 4, 2))], name="batches"); case("matrix", "MatMul", [r(4), K(r(4))], name="vectors")
case("matrix", "MatMul", [r(2, 3, 4), r(4)], name="column"); case("matrix", "MatMul", [r(3), r(2, 3, 4)], name="row")
# Elementwise
for op in ("Add", "Sub", "Mul", "Div"):
    case("elementwise", op, [r(2, 3), r(3, lo=1, hi=2)], 7); case("elementwise", op, [n(np.int32, 2, 2, lo=-20, hi=20), n(np.int32, 2, lo=1, hi=5)], 14, name="whole")
for op in ("And", "Or", "Xor"): case("elementwise", op, [np.array([True, True, False, False]), np.array([True, False, True, False])], 7)
for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"): case("elementwise", op, [n(np.int32, 4), n(np.int32, 4)], 18)
for op, v in (("Equal", 13), ("Less", 9), ("LessOrEqual", 16), ("Greater", 9), ("GreaterOrEqual", 16)):
    case("elementwise", op, [n(np.int32, 6, hi=3), n(np.int32, 6, hi=3)], v); case("elementwise", op, [r(4), r(1)], v, name="reals")
case("elementwise", "Pow", [r(2, 3, lo=0.5), K(f32([2.0, 0.5, 3.0]))], 12); case("elementwise", "Pow", [n(np.int32, 3, hi=5), K(i64(2, 3, 0))], 13, name="whole")
case("elementwise", "Pow", [n(np.int32, 3, hi=5), K(f32([2.0]))], 13, name="mixed")
case("elementwise", "Mod", [n(np.int32, 6, lo=-9, hi=9), K(np.array([4, -4, 3, -3, 5, 2], np.int32))], 10); case("elementwise", "Mod", [r(5), K(r(5, lo=0.5))], 10, name="fmod", fmod=1)
for op in ("Min", "Max", "Sum", "Mean"): case("elementwise", op, [r(2, 2), r(2), r(2, 1)], 8); case("elementwise", op, [r(3)], 13, name="one")
for op, lo, hi, v in (("Neg", -2, 2, 6), ("Abs", -2, 2, 6), ("Sign", -2, 2, 9), ("Reciprocal", .5, 2, 6), ("Sqrt", 0, 4, 6), ("Exp", -2, 2, 6), ("Log", .1, 4, 6), ("Floor", -4, 4, 6), ("Ceil", -4, 4, 6), ("Round", -4, 4, 11), ("Erf", -2, 2, 9), ("Sin", -4, 4, 7), ("Cos", -4, 4, 7), ("Tan", -1, 1, 7), ("Asin", -1, 1, 7), ("Acos", -1, 1, 7), ("Atan", -4, 4, 7), ("Sinh", -2, 2, 9), ("Cosh", -2, 2, 9), ("Asinh", -2, 2, 9), ("Acosh", 1, 4, 9), ("Atanh", -.9, .9, 9)):
    case("elementwise", op, [r(6, lo=lo, hi=hi)], max(v, 7))
case("elementwise", "Round", [f32([0.5, 1.5, 2.5, -0.5, -1.5])], 11, name="ties")
case("elementwise", "Not", [np.array([True, False])], 7); case("elementwise", "BitwiseNot", [n(np.int32, 4)], 18)
case("elementwise", "IsNaN", [r(3)], 13); case("elementwise", "IsInf", [r(3)], 10, detect_negative=0)
case("elementwise", "Where", [np.array([[True], [False]]), r(2, 3), r(3)], 9)
case("elementwise", "Cast", [r(6, lo=-9, hi=9)], 9, name="to int32", to=TensorProto.INT32); case("elementwise", "Cast", [n(np.int64, 4, lo=-300, hi=300)], 13, name="to int8", to=TensorProto.INT8); case("elementwise", "Cast", [f32([0, 0.5, -1])], 13, name="to bool", to=TensorProto.BOOL)
case("elementwise", "CastLike", [n(np.int32, 3), K(r(1))], 15)
# Activations
for op, v, kw in (("Relu", 13, {}), ("Sigmoid", 13, {}), ("Tanh", 13, {}), ("HardSwish", 14, {}), ("Softplus", 7, {}), ("Softsign", 7, {}), ("Mish", 18, {}), ("Gelu", 20, {}), ("Gelu", 20, dict(approximate="tanh")), ("Selu", 7, {}), ("Selu", 7, dict(alpha=1.5, gamma=0.5)), ("Swish", 24, dict(alpha=0.5)), ("LeakyRelu", 7, {}), ("LeakyRelu", 16, dict(alpha=0.25)), ("Elu", 7, dict(alpha=0.5)), ("Celu", 12, dict(alpha=2.0)), ("ThresholdedRelu", 10, dict(alpha=0.5)), ("HardSigmoid", 7, {}), ("HardSigmoid", 7, dict(alpha=0.5, beta=0.25)), ("Identity", 13, {}), ("Dropout", 10, dict(ratio=0.25))):
    case("activation", op, [r(7)], v, name=" ".join(kw), **kw)
case("activation", "Dropout", [r(4), K(f32(0.5)), K(np.array(False))], 13, outputs=2, name="mask")
case("activation", "Clip", [r(6)], 7, min=-0.5, max=1.0); case("activation", "Clip", [r(6), K(f32(-0.5)), None], 11, name="low"); case("activation", "Clip", [r(6), None, K(f32(0.5))], 12, name="high")
case("activation", "Clip", [n(np.int8, 6, lo=-50, hi=50), K(np.int8(-3)), K(np.int8(9))], 12, name="whole"); case("activation", "Clip", [r(6), f32(-0.5), f32(0.5)], 13, name="limits known late")
case("activation", "PRelu", [r(2, 3, 2), K(r(3, 1))], 9)
# Reductions
for op in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"):
    x = r(2, 3, 2, lo=0.5)
    case("reduction", "Reduce" + op, [x], 11, name="attribute", axes=[-1, 0], keepdims=0); case("reduction", "Reduce" + op, [x, K(i64(1))], 18, name="operand"); case("reduction", "Reduce" + op, [x], 18, name="all")
case("reduction", "ReduceSum", [r(2, 3), K(i64(-1))], 13, name="operand since 13", keepdims=0); case("reduction", "ReduceSum", [r(2, 3), K(np.zeros(0, np.int64))], 13, name="nothing", noop_with_empty_axes=1)
case("reduction", "ReduceMax", [n(np.int8, 2, 3, lo=-9, hi=9)], 12, name="bytes", axes=[1])
for op in ("ArgMax", "ArgMin"): case("reduction", op, [f32([[1, 3, 3], [2, 0, 0]])], 11, axis=1); case("reduction", op, [f32([[1, 3, 3], [2, 0, 0]])], 13, name="last", axis=-1, keepdims=0, select_last_index=1)
for op in ("Softmax", "LogSoftmax", "Hardmax"): case("reduction", op, [r(2, 3, 2)], 11, name="flattened"); case("reduction", op, [r(2, 3, 2)], 13, axis=1)
case("reduction", "CumSum", [r(2, 3), K(i64(1))], 11, exclusive=1, reverse=1); case("reduction", "CumSum", [n(np.int32, 4), K(np.array(0, np.int32))], 14, name="whole")
# Normalizations
case("normalization", "BatchNormalization", [r(2, 3, 2, 2), K(r(3)), K(r(3)), K(r(3)), K(r(3, lo=0.5))], 9, epsilon=0.01); case("normalization", "BatchNormalization", [r(2, 3), K(r(3)), K(r(3)), K(r(3)), K(r(3, lo=0.5))], 15, name="rows")
case("normalization", "InstanceNormalization", [r(2, 3, 2, 2), K(r(3)), K(r(3))], 6 + 1); case("normalization", "LayerNormalization", [r(2, 3, 4), K(r(4)), K(r(4))], 17, outputs=3); case("normalization", "LayerNormalization", [r(2, 3, 2), K(r(3, 2))], 17, name="two axes", axis=1)
case("normalization", "GroupNormalization", [r(1, 4, 2, 2), K(r(2)), K(r(2))], 18, num_groups=2, name="scale a group"); case("normalization", "GroupNormalization", [r(1, 4, 2, 2), K(r(4)), K(r(4))], 21, num_groups=2)
case("normalization", "RMSNormalization", [r(2, 4), K(r(4))], 23); case("normalization", "LpNormalization", [r(2, 3)], 7, axis=1, p=2); case("normalization", "LpNormalization", [r(2, 3)], 7, name="sum", axis=0, p=1); case("normalization", "MeanVarianceNormalization", [r(1, 2, 3, 3)], 13)
# Shapes
x = r(2, 3, 4)
case("shape", "Reshape", [x, K(i64(0, -1))], 7); case("shape", "Reshape", [np.zeros((0, 3), np.float32), K(i64(3, 0))], 14, name="zero", allowzero=1)
case("shape", "Squeeze", [r(1, 2, 1), ], 11); case("shape", "Squeeze", [r(1, 2, 1)], 11, name="attribute", axes=[-1]); case("shape", "Squeeze", [r(1, 2, 1), K(i64(0))], 13, name="operand")
case("shape", "Unsqueeze", [r(2, 2)], 11, name="attribute", axes=[0, 3]); case("shape", "Unsqueeze", [r(2, 2), K(i64(-1, 1))], 13, name="operand")
case("shape", "Flatten", [x], 9, axis=2); case("shape", "Flatten", [x], 11, name="from the end", axis=-1); case("shape", "Transpose", [x], 13); case("shape", "Transpose", [x], 13, name="stated", perm=[1, 2, 0])
case("shape", "Shape", [x], 13); case("shape", "Shape", [x], 15, name="part", start=-2, end=10); case("shape", "Size", [x], 13)
case("shape", "DepthToSpace", [r(1, 8, 2, 2)], 11, blocksize=2); case("shape", "DepthToSpace", [r(1, 8, 2, 1)], 13, name="CRD", blocksize=2, mode="CRD"); case("shape", "SpaceToDepth", [r(1, 2, 4, 2)], 13, blocksize=2)
# Movement
case("movement", "Concat", [r(2, 1), r(2, 3), K(r(2, 2))], 11, axis=-1)
case("movement", "Split", [r(4, 2)], 11, outputs=2); case("movement", "Split", [r(5)], 11, outputs=2, name="attribute", split=[1, 4]); case("movement", "Split", [r(2, 5), K(i64(2, 3))], 13, outputs=2, name="operand", axis=1); case("movement", "Split", [r(7)], 18, outputs=3, name="uneven", num_outputs=3)
case("movement", "Slice", [r(4, 5)], 9, starts=[1, -3], ends=[9, 2 ** 63 - 1], axes=[0, 1]); case("movement", "Slice", [r(6, 5), K(i64(-1, 1)), K(i64(-100, 4)), K(i64(0, 1)), K(i64(-2, 2))], 10, name="steps"); case("movement", "Slice", [r(3), K(np.array([2], np.int32)), K(np.array([1], np.int32))], 13, name="nothing")
case("movement", "Pad", [r(2, 2)], 10, name="attribute", pads=[1, 0, 0, 2], value=1.5); case("movement", "Pad", [r(2, 2), K(i64(0, 1, 1, 0)), K(f32(0.5))], 11, name="operand"); case("movement", "Pad", [r(4), K(i64(2, 1))], 13, name="reflect", mode="reflect"); case("movement", "Pad", [r(3), K(i64(2, 1))], 13, name="edge", mode="edge"); case("movement", "Pad", [r(3, 2), K(i64(1, 2)), None, K(i64(0))], 19, name="wrap", mode="wrap"); case("movement", "Pad", [r(2, 3), K(i64(-1, 1)), None, K(i64(-1))], 18, name="less")
case("movement", "Gather", [r(3, 4), K(i64(2, -1))], 11, axis=1); case("movement", "Gather", [r(3, 4), n(np.int32, 2, 2, hi=3)], 13, name="indices known late"); case("movement", "Expand", [r(3, 1), K(i64(2, 1, 4))], 8); case("movement", "Tile", [r(1, 2), K(i64(2, 3))], 13)
# Constants
case("constant", "Constant", [], 13, name="tensor", value=onnx.numpy_helper.from_array(r(2, 2))); case("constant", "Constant", [], 12, name="reals", value_floats=[1.0, 2.5]); case("constant", "Constant", [], 12, name="real", value_float=2.5); case("constant", "Constant", [], 12, name="whole", value_int=7); case("constant", "Constant", [], 12, name="wholes", value_ints=[7, -9])
case("constant", "ConstantOfShape", [K(i64(2, 3))], 9); case("constant", "ConstantOfShape", [K(i64(2))], 9, name="value", value=onnx.numpy_helper.from_array(np.array([5], np.int32)))
case("constant", "Range", [K(f32(1)), K(f32(2.2)), K(f32(0.5))], 11); case("constant", "Range", [K(np.int64(5)), K(np.int64(-2)), K(np.int64(-3))], 11, name="down")
# Resize
e = np.zeros(0, np.float32)
img = r(1, 2, 3, 4)
for mode, coordinates in (("nearest", "asymmetric"), ("nearest", "half_pixel"), ("linear", "half_pixel"), ("linear", "pytorch_half_pixel"), ("linear", "align_corners"), ("linear", "asymmetric")):
    case("resize", "Resize", [img, K(e), K(e), K(i64(1, 2, 5, 7))], 11, name=f"{mode} {coordinates} sizes", mode=mode, coordinate_transformation_mode=coordinates); case("resize", "Resize", [img, None, K(f32([1, 1, 2, 0.5]))], 13, name=f"{mode} {coordinates} scales", mode=mode, coordinate_transformation_mode=coordinates)
for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"): case("resize", "Resize", [img, None, None, K(i64(1, 2, 6, 6))], 13, name=rounding, nearest_mode=rounding, coordinate_transformation_mode="half_pixel")
case("resize", "Resize", [img, K(f32([1, 1, 2, 3]))], 10, name="ten"); case("resize", "Resize", [img, K(f32([1, 1, 0.6, 0.6]))], 10, name="ten, smaller"); case("resize", "Resize", [img, K(f32([1, 1, 2, 3]))], 10, name="ten linear", mode="linear")
case("resize", "Resize", [r(1, 3, 4, 2), None, K(f32([1, 2, 2, 1]))], 13, name="channels last", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"); case("resize", "Resize", [r(1, 2, 5), None, None, K(i64(1, 2, 8))], 13, name="length", mode="linear"); case("resize", "Resize", [img, None, None, K(i64(7, 9))], 18, name="axes", axes=[2, 3], keep_aspect_ratio_policy="not_larger")
case("resize", "Upsample", [img], 7, scales=[1.0, 1.0, 2.0, 2.0]); case("resize", "Upsample", [img, K(f32([1, 1, 2, 3]))], 9, name="linear", mode="linear")
# Quantization
u8 = lambda *s: n(np.uint8, *s, hi=256); s8 = lambda *s: n(np.int8, *s, lo=-128, hi=128); sc = lambda v: K(f32(v))
case("quantization", "QuantizeLinear", [r(2, 3), sc(0.02), K(np.uint8(128))], 10); case("quantization", "QuantizeLinear", [r(2, 3), sc([0.02, 0.1]), K(np.array([3, -5], np.int8))], 13, name="axis", axis=0); case("quantization", "QuantizeLinear", [r(4), sc(0.001), K(np.int16(9))], 21, name="16 bits"); case("quantization", "QuantizeLinear", [r(4), sc(0.01)], 21, name="stated type", output_dtype=TensorProto.INT8); case("quantization", "QuantizeLinear", [n(np.int32, 4), sc(2.0), None], 13, name="of whole numbers")
case("quantization", "DequantizeLinear", [u8(4), sc(0.02), K(np.uint8(128))], 10); case("quantization", "DequantizeLinear", [s8(2, 3), sc([0.1, 0.2, 0.3]), K(np.array([1, 2, 3], np.int8))], 13, name="axis", axis=-1); case("quantization", "DequantizeLinear", [n(np.int32, 3), sc(0.5)], 10, name="32 bits")
case("quantization", "DynamicQuantizeLinear", [r(2, 3)], 11, outputs=3)
case("quantization", "QLinearConv", [u8(1, 2, 4, 4), sc(0.02), K(np.uint8(120)), K(s8(3, 2, 3, 3)), sc([0.01, 0.02, 0.03]), K(np.zeros(3, np.int8)), sc(0.5), K(np.uint8(128)), K(n(np.int32, 3, hi=999))], 10, pads=[1, 1, 1, 1])
case("quantization", "QLinearConv", [s8(1, 2, 5), sc(0.02), K(np.int8(3)), K(s8(2, 2, 3)), sc(0.01), K(np.int8(0)), sc(0.05), K(np.int8(-7))], 10, name="length")
case("quantization", "QLinearMatMul", [u8(2, 3), sc(0.02), K(np.uint8(120)), K(u8(3, 4)), sc(0.03), K(np.uint8(100)), sc(0.2), K(np.uint8(128))], 10)
case("quantization", "ConvInteger", [u8(1, 2, 4, 4), K(u8(2, 2, 2, 2)), K(np.uint8(12)), K(np.uint8(100))], 10, pads=[1, 1, 0, 0]); case("quantization", "ConvInteger", [u8(1, 1, 5), K(u8(1, 1, 2))], 10, name="length, no zero points")
case("quantization", "MatMulInteger", [u8(2, 3), K(u8(3, 2)), K(np.uint8(12)), K(np.uint8(7))], 10); case("quantization", "MatMulInteger", [u8(2, 3), K(s8(3, 2)), K(np.uint8(1)), K(np.array([1, -2], np.int8))], 10, name="a column each")
# com.microsoft
M = "com.microsoft"
q = lambda a, s, z: [a, sc(s), K(np.array(z, a.dtype if not isinstance(a, K) else a.a.dtype))]
o = lambda s, z, t=np.uint8: [sc(s), K(np.array(z, t))]
case("microsoft", "QLinearAdd", q(u8(2, 3), 0.02, 120) + q(u8(3), 0.05, 9) + o(0.1, 100), domain=M); case("microsoft", "QLinearMul", q(s8(2, 3), 0.02, 12) + q(K(s8(3)), 0.05, -9) + o(0.1, 10, np.int8), domain=M)
case("microsoft", "QLinearAveragePool", q(u8(1, 2, 4, 4), 0.02, 120) + o(0.027, 110), domain=M, kernel_shape=[3, 3], pads=[1, 1, 1, 1]); case("microsoft", "QLinearAveragePool", q(u8(1, 4, 4, 2), 0.02, 120) + o(0.027, 110), domain=M, name="channels last", kernel_shape=[2, 2], strides=[2, 2], channels_last=1)
case("microsoft", "QLinearGlobalAveragePool", q(u8(1, 2, 3, 3), 0.02, 120) + o(0.01, 110), domain=M, channels_last=0); case("microsoft", "QLinearGlobalAveragePool", q(u8(1, 3, 3, 2), 0.02, 120) + o(0.01, 110), domain=M, name="channels last", channels_last=1)
case("microsoft", "QLinearSigmoid", q(u8(6), 0.05, 120) + o(1 / 256, 0), domain=M); case("microsoft", "QLinearLeakyRelu", q(s8(6), 0.05, 3) + o(0.05, -5, np.int8), domain=M, alpha=0.25)
case("microsoft", "QLinearConcat", o(0.05, 100) + q(u8(2, 2), 0.02, 120) + q(u8(2, 1), 0.1, 90), domain=M, axis=1)
case("microsoft", "QLinearSoftmax", q(u8(2, 5), 0.05, 120) + o(1 / 256, 0), domain=M, axis=-1, opset=13); case("microsoft", "QLinearSoftmax", q(s8(2, 2, 3), 0.05, 12) + o(1 / 256, -128, np.int8), domain=M, name="flattened", axis=1, opset=11)
case("microsoft", "QGemm", [s8(2, 3), sc(0.02), K(np.int8(3)), K(s8(4, 3)), sc([0.01, 0.02, 0.03, 0.04]), K(np.zeros(4, np.int8)), K(n(np.int32, 4, hi=999)), sc(0.2), K(np.int8(-3))], domain=M, transB=1, alpha=1.0); case("microsoft", "QGemm", [u8(2, 3), sc(0.02), K(np.uint8(3)), K(u8(3, 2)), sc(0.01), K(np.uint8(128)), None, None, None], domain=M, name="real result", alpha=1.0)
case("microsoft", "Gelu", [r(5)], domain=M); case("microsoft", "QuantizeLinear", [r(4), sc(0.001), K(np.uint16(30000))], domain=M); case("microsoft", "DequantizeLinear", [n(np.int16, 4, lo=-999), sc(0.01), K(np.int16(7))], domain=M)
# Recurrent
S, B, I, H = 3, 2, 4, 5
w = lambda g, d=1: [K(r(d, g * H, I, lo=-.5, hi=.5)), K(r(d, g * H, H, lo=-.5, hi=.5)), K(r(d, 2 * g * H, lo=-.5, hi=.5))]
for op, g, c in (("LSTM", 4, 3), ("GRU", 3, 2), ("RNN", 1, 2)):
    for direction, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
        case("recurrent", op, [r(S, B, I)] + w(g, d), 7 if d == 1 else 14, outputs=c, name=direction, hidden_size=H, direction=direction)
    state = [K(r(1, B, H))] + ([K(r(1, B, H))] if op == "LSTM" else [])
    case("recurrent", op, [r(S, B, I)] + w(g)[:2] + [None, None] + state, 14, outputs=c, name="states", hidden_size=H)
    case("recurrent", op, [r(S, B, I)] + w(g), 14, outputs=c, name="clipped", hidden_size=H, clip=0.3)
case("recurrent", "LSTM", [r(S, B, I)] + w(4) + [None, None, None, K(r(1, 3 * H))], 14, outputs=3, name="peepholes", hidden_size=H); case("recurrent", "GRU", [r(S, B, I)] + w(3), 14, outputs=2, name="reset behind", hidden_size=H, linear_before_reset=1)
case("recurrent", "RNN", [r(S, B, I)] + w(1), 14, outputs=2, name="relu", hidden_size=H, activations=["Relu"]); case("recurrent", "LSTM", [r(B, S, I)] + w(4), 14, outputs=3, name="batch first", hidden_size=H, layout=1)

os.makedirs(sys.argv[1], exist_ok=True)
for group, rows in groups.items():
    with open(os.path.join(sys.argv[1], group + ".json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
print({g: len(v) for g, v in groups.items()}, sum(map(len, groups.values())))
