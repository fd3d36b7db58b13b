"""Writes the ONNX standard's backend node tests as files: DIR/test_x/model.onnx, test_data_set_0/input_i.pb, output_i.pb.

Since onnx 1.20 the package computes them and no longer carries them: pip install onnx; python3 export.py DIR
"""
import os, sys
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_node_model_tests

def tensor(value, kind, name):
    if isinstance(value, TensorProto): return value
    if kind.HasField("sequence_type"): return numpy_helper.from_list(value, name)
    if kind.HasField("optional_type"): return numpy_helper.from_optional(value, name)
    return numpy_helper.from_array(value, name)

top = sys.argv[1]
for case in load_node_model_tests():
    graph = case.model.graph
    folder = os.path.join(top, case.name, "test_data_set_0")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(top, case.name, "model.onnx"), "wb") as f: f.write(case.model.SerializeToString())
    inputs, outputs = case.data_sets[0]
    for what, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
        for i, value in enumerate(values):
            with open(os.path.join(folder, f"{what}_{i}.pb"), "wb") as f:
                f.write(tensor(value, infos[i].type, infos[i].name).SerializeToString())
