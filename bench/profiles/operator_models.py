"""One tiny model of one operator each, for `operators.py`: what a vendor's tool says of it is what a profile's lists say."""
import os

CHANNELS, EDGE = 32, 16
IMAGE = [1, CHANNELS, EDGE, EDGE]
VECTOR = [1, 64]
SEQUENCE = [1, 16, 64]


class Form:
    """`operator` of ONNX in the form that `words` says; the first form of an operator decides in which list it stands."""

    def __init__(self, operator, words, inputs, outputs, node, constants=(), positive=False, whole_output=False):
        self.operator, self.words, self.inputs, self.outputs = operator, words, inputs, outputs
        # node: (constant names) are appended to the inputs of the operator, in their order.
        self.attributes, self.constants, self.positive, self.whole_output = node, constants, positive, whole_output

    @property
    def name(self):
        return self.operator + (", " + self.words if self.words else "")

    @property
    def folder(self):
        return "".join(letter if letter.isalnum() else "-" for letter in self.name)


def random(*shape, scale=0.1):
    import numpy

    return (numpy.random.default_rng(7).standard_normal(shape) * scale).astype(numpy.float32)


def integers(*values):
    import numpy

    return numpy.array(values, numpy.int64)


def numbers(*values):
    import numpy

    return numpy.array(values, numpy.float32)


def number(value):
    import numpy

    return numpy.array(value, numpy.float32)


def recurrent(gates, **more):
    steps, width, hidden = 8, 16, 32
    constants = [random(1, gates * hidden, width), random(1, gates * hidden, hidden), random(1, 2 * gates * hidden)]
    # All their outputs: Sophgo's calibration fails without.
    outputs = [[steps, 1, 1, hidden]] + [[1, 1, hidden]] * (2 if gates == 4 else 1)
    return ([[steps, 1, width]], outputs, dict(hidden_size=hidden, **more), constants)


def forms():
    result = []

    def add(operator, words="", inputs=(IMAGE,), outputs=None, constants=(), positive=False, whole_output=False, **attributes):
        inputs = [list(shape) for shape in inputs]
        result.append(Form(operator, words, inputs, outputs or [inputs[0]], attributes, constants, positive, whole_output))

    bias = random(CHANNELS)
    add("Conv", "3x3", constants=[random(CHANNELS, CHANNELS, 3, 3), bias], pads=[1] * 4, kernel_shape=[3, 3])
    add("Conv", "depthwise 3x3", constants=[random(CHANNELS, 1, 3, 3), bias], pads=[1] * 4, kernel_shape=[3, 3], group=CHANNELS)
    add("Conv", "1-d", inputs=[[1, 16, 64]], outputs=[[1, 32, 64]], constants=[random(32, 16, 3), bias], pads=[1, 1], kernel_shape=[3])
    add("Conv", "1x1", constants=[random(CHANNELS, CHANNELS, 1, 1), bias], kernel_shape=[1, 1])
    add("Conv", "1-d, dilated", inputs=[[1, 16, 64]], outputs=[[1, 32, 64]], constants=[random(32, 16, 3), bias], pads=[2, 2],
        kernel_shape=[3], dilations=[2])
    add("ConvTranspose", "2x2, stride 2", outputs=[[1, 16, 32, 32]], constants=[random(CHANNELS, 16, 2, 2), random(16)],
        kernel_shape=[2, 2], strides=[2, 2])
    add("Gemm", "", inputs=[VECTOR], outputs=[[1, 32]], constants=[random(32, 64), bias], transB=1)
    add("MatMul", "by a constant", inputs=[SEQUENCE], outputs=[[1, 16, 32]], constants=[random(64, 32)])
    add("MatMul", "by an activation", inputs=[[1, 4, 16, 32], [1, 4, 32, 16]], outputs=[[1, 4, 16, 16]])
    for operator in ("Relu", "LeakyRelu"):
        add(operator)
    add("PRelu", "slope per channel", constants=[abs(random(CHANNELS, 1, 1))])
    add("Clip", "0 to 6", constants=[number(0), number(6)])
    for operator in ("Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Elu", "Softplus", "Abs", "Neg", "Exp"):
        add(operator)
    for operator in ("Log", "Sqrt", "Reciprocal"):
        add(operator, positive=True)
    for operator in ("Erf", "Floor", "Sin", "Cos"):
        add(operator)
    per_channel = abs(random(1, CHANNELS, 1, 1)) + 0.5
    for operator in ("Add", "Sub", "Mul"):
        add(operator, "two inputs", inputs=[IMAGE, IMAGE])
        add(operator, "a constant per channel", constants=[per_channel])
    # Networks divide by constants.
    add("Div", "by a constant per channel", constants=[per_channel])
    add("Div", "two inputs", inputs=[IMAGE, IMAGE], positive=True)
    add("Pow", "2", constants=[number(2)])
    for operator in ("Max", "Min"):
        add(operator, "two inputs", inputs=[IMAGE, IMAGE])
        add(operator, "a constant", constants=[numbers(0.5)])
    half = [1, CHANNELS, EDGE // 2, EDGE // 2]
    for operator in ("MaxPool", "AveragePool"):
        add(operator, "2x2", outputs=[half], kernel_shape=[2, 2], strides=[2, 2])
    one = [1, CHANNELS, 1, 1]
    for operator in ("GlobalAveragePool", "GlobalMaxPool"):
        add(operator, outputs=[one])
    add("ReduceMean", "height and width", outputs=[one], axes=[2, 3])
    add("ReduceMean", "channels", outputs=[[1, 1, EDGE, EDGE]], axes=[1])
    add("ReduceMax", "height and width", outputs=[one], axes=[2, 3])
    add("ReduceMax", "channels", outputs=[[1, 1, EDGE, EDGE]], axes=[1])
    add("ReduceSum", "height and width", outputs=[one], constants=[integers(2, 3)])
    add("ReduceSum", "channels", outputs=[[1, 1, EDGE, EDGE]], constants=[integers(1)])
    # Behind a dense layer Rockchip's tool has a vector as the channels of an image.
    add("Softmax", "channels of an image", axis=1)
    add("Softmax", "of a vector", inputs=[VECTOR], axis=1)
    add("LogSoftmax", "of a vector", inputs=[VECTOR], axis=1)
    add("LayerNormalization", "of a sequence", inputs=[SEQUENCE], constants=[random(64) + 1, random(64)], axis=-1,
        epsilon=1e-5)
    add("LayerNormalization", "last axis of four", inputs=[[1, EDGE, EDGE, CHANNELS]],
        constants=[random(CHANNELS) + 1, random(CHANNELS)], axis=-1, epsilon=1e-5)
    add("InstanceNormalization", "", constants=[random(CHANNELS) + 1, random(CHANNELS)])
    add("BatchNormalization", "", constants=[random(CHANNELS) + 1, bias, bias, abs(bias) + 1])
    add("ArgMax", "of a vector", inputs=[VECTOR], outputs=[[1, 1]], axis=1, whole_output=True)
    add("ArgMax", "channels of an image", outputs=[[1, 1, EDGE, EDGE]], axis=1, whole_output=True)
    add("Concat", "channels", inputs=[IMAGE, IMAGE], outputs=[[1, 2 * CHANNELS, EDGE, EDGE]], axis=1)
    add("Split", "channels", outputs=[[1, CHANNELS // 2, EDGE, EDGE]] * 2, constants=[integers(16, 16)], axis=1)
    add("Slice", "channels", outputs=[[1, 16, EDGE, EDGE]], constants=[integers(8), integers(24), integers(1)])
    add("Slice", "height and width", outputs=[[1, CHANNELS, 8, 8]], constants=[integers(4, 4), integers(12, 12), integers(2, 3)])
    add("DepthToSpace", "2", outputs=[[1, CHANNELS // 4, 2 * EDGE, 2 * EDGE]], blocksize=2)
    add("SpaceToDepth", "2", outputs=[[1, 4 * CHANNELS, EDGE // 2, EDGE // 2]], blocksize=2)
    add("Gather", "channels", outputs=[[1, 3, EDGE, EDGE]], constants=[integers(0, 2, 5)], axis=1)
    add("Pad", "height and width", outputs=[[1, CHANNELS, EDGE + 2, EDGE + 2]],
        constants=[integers(0, 0, 1, 1, 0, 0, 1, 1), number(0)])
    double = [1, CHANNELS, 2 * EDGE, 2 * EDGE]
    resize = [numbers(), numbers(1, 1, 2, 2)]
    add("Resize", "nearest, 2x", outputs=[double], constants=resize, mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric")
    add("Resize", "linear, 2x", outputs=[double], constants=resize, mode="linear", coordinate_transformation_mode="half_pixel")
    add("Transpose", "channels last", outputs=[[1, EDGE, EDGE, CHANNELS]], perm=[0, 2, 3, 1])
    add("Transpose", "of a sequence", inputs=[SEQUENCE], outputs=[[1, 64, 16]], perm=[0, 2, 1])
    add("Reshape", "image to sequence", outputs=[[1, CHANNELS, EDGE * EDGE]], constants=[integers(1, CHANNELS, EDGE * EDGE)])
    add("Reshape", "channels to groups", outputs=[[1, 8, 4, EDGE * EDGE]], constants=[integers(1, 8, 4, EDGE * EDGE)])
    add("Flatten", "of an image", outputs=[[1, CHANNELS * EDGE * EDGE]], axis=1)
    add("Flatten", "of 1x1", inputs=[one], outputs=[[1, CHANNELS]], axis=1)
    add("Squeeze", "of 1x1", inputs=[one], outputs=[[1, CHANNELS]], constants=[integers(2, 3)])
    add("Unsqueeze", "to 1x1", inputs=[[1, CHANNELS]], outputs=[one], constants=[integers(2, 3)])
    for operator, gates, more in (("LSTM", 4, {}), ("GRU", 3, {"linear_before_reset": 1})):
        inputs, outputs, attributes, constants = recurrent(gates, **more)
        add(operator, "", inputs=inputs, outputs=outputs, constants=constants, **attributes)
    return result


def write(form, folder, behind_relu=False):
    """`model.onnx` and `input-N.npy` in the folder; with a Relu of the first input before it, where that is wanted."""
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    os.makedirs(folder, exist_ok=True)
    inputs = ["x%d" % place for place in range(len(form.inputs))]
    outputs = ["y%d" % place for place in range(len(form.outputs))]
    constants = {"c%d" % place: value for place, value in enumerate(form.constants)}
    # An empty constant is an input that the operator may have and this form has not.
    words = inputs + [name if value.size else "" for name, value in constants.items()]
    node = helper.make_node(form.operator, words, outputs, name="probe", **form.attributes)
    nodes = [node]
    if behind_relu:
        nodes.insert(0, helper.make_node("Relu", [inputs[0]], ["r"], name="before"))
        node.input[0] = "r"
    kind = TensorProto.INT64 if form.whole_output else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "one",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in zip(inputs, form.inputs)],
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in zip(outputs, form.outputs)],
        [numpy_helper.from_array(value, name) for name, value in constants.items() if value.size])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    generator = numpy.random.default_rng(11)
    for place, shape in enumerate(form.inputs):
        value = generator.uniform(0.1, 3, shape) if form.positive else generator.standard_normal(shape)
        numpy.save(os.path.join(folder, "input-%d.npy" % place), value.astype(numpy.float32))
