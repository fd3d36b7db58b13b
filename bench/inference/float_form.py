"""Makes the float form of a QDQ network, for an engine that has no int8 converter: float_form.py QDQ.onnx OUT.onnx SHAPE.json

Quantize and dequantize nodes go, quantized weights become the real numbers that they stand for; the network computes the same
layers in float. SHAPE.json receives the shape of the input.
"""

import json
import sys

import numpy
import onnx
from onnx import numpy_helper


def main():
    model = onnx.load(sys.argv[1])
    graph = model.graph
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    renamed, kept = {}, []
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "Cast" or node.op_type == "QuantizeLinear":
            renamed[node.output[0]] = node.input[0]
        elif node.op_type == "DequantizeLinear":
            if node.input[0] in constants:
                scale = constants[node.input[1]]
                zero = constants[node.input[2]] if len(node.input) > 2 else numpy.zeros_like(scale)
                axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
                values = constants[node.input[0]]
                if scale.ndim == 1 and scale.size > 1:
                    shape = [1] * values.ndim
                    shape[axis] = -1
                    scale, zero = scale.reshape(shape), zero.reshape(shape)
                real = (values.astype(numpy.float64) - zero.astype(numpy.float64)) * scale
                constants[node.output[0]] = real.astype(numpy.float32)
                graph.initializer.append(numpy_helper.from_array(constants[node.output[0]], node.output[0]))
            else:
                renamed[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    for output in graph.output:
        source = renamed.get(output.name, output.name)
        output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        output.name = source
    for door in graph.input:
        door.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        for size in door.type.tensor_type.shape.dim:
            if not size.dim_value:
                size.dim_value = 1
    read = {name for node in kept for name in node.input}
    used = [one for one in graph.initializer if one.name in read]
    del graph.initializer[:]
    graph.initializer.extend(used)
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[2])
    with open(sys.argv[3], "w") as file:
        json.dump([size.dim_value for size in graph.input[0].type.tensor_type.shape.dim], file)


if __name__ == "__main__":
    main()
