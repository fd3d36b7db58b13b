"""Times one inference of one model in one engine, inside its own process; prints one line of JSON.

    peer.py ENGINE MODEL THREADS SECONDS

ENGINE: litert, onnxruntime, openvino, mnn, ncnn. MODEL: the file that engine takes (run.py prepares it). Random input,
the engine's fastest documented settings for latency; {"median_us": ..., "min_us": ..., "version": ...}.
"""

import importlib.metadata
import json
import statistics
import sys
import time

import numpy


def noise(shape, dtype):
    shape = [size if isinstance(size, int) and size > 0 else 1 for size in shape]
    if numpy.issubdtype(dtype, numpy.floating):
        return numpy.random.default_rng(0).random(shape).astype(dtype)
    return numpy.random.default_rng(0).integers(0, 100, shape).astype(dtype)


def litert(model, threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=model, num_threads=threads)
    interpreter.allocate_tensors()
    door = interpreter.get_input_details()[0]
    interpreter.set_tensor(door["index"], noise(door["shape"].tolist(), door["dtype"]))
    return interpreter.invoke


def onnxruntime(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    door = session.get_inputs()[0]
    dtype = {"tensor(float)": numpy.float32, "tensor(int8)": numpy.int8, "tensor(uint8)": numpy.uint8}[door.type]
    # Bound once, so that no run copies or allocates.
    binding = session.io_binding()
    binding.bind_cpu_input(door.name, noise(door.shape, dtype))
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return lambda: session.run_with_iobinding(binding)


def openvino(model, threads):
    import openvino

    core = openvino.Core()
    network = core.read_model(model)
    shape = network.inputs[0].get_partial_shape()
    if shape.is_dynamic:
        network.reshape([1 if size.is_dynamic else size.get_length() for size in shape])
    compiled = core.compile_model(network, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    door = compiled.inputs[0]
    request.set_input_tensor(openvino.Tensor(noise(list(door.shape), door.element_type.to_dtype())))
    return request.infer


def mnn(model, threads):
    import MNN

    interpreter = MNN.Interpreter(model)
    session = interpreter.createSession({"numThread": threads})
    return lambda: interpreter.runSession(session)


def ncnn(model, threads):
    import ncnn

    network = ncnn.Net()
    network.opt.num_threads = threads
    if network.load_param(model + ".param") or network.load_model(model + ".bin"):
        raise RuntimeError("ncnn cannot load the model")
    with open(model + ".shape") as file:
        shape = json.load(file)
    # Without the batch; ncnn counts width first.
    door = ncnn.Mat(noise(shape[1:], numpy.float32))
    names = network.input_names()[0], network.output_names()[0]

    def run():
        extractor = network.create_extractor()
        extractor.input(names[0], door)
        status, _ = extractor.extract(names[1])
        if status:
            raise RuntimeError(f"ncnn: status {status}")

    return run


PACKAGES = {"litert": "ai-edge-litert", "onnxruntime": "onnxruntime", "openvino": "openvino", "mnn": "MNN", "ncnn": "ncnn"}


def main():
    engine, model, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    run = globals()[engine](model, threads)
    for _ in range(10):
        run()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        # As many as last a millisecond together, so that asking for the time costs nothing.
        start = time.perf_counter()
        run()
        count = max(1, int(0.001 / max(time.perf_counter() - start, 1e-7)))
        start = time.perf_counter()
        for _ in range(count):
            run()
        times.append((time.perf_counter() - start) / count * 1e6)
    print(json.dumps({
        "median_us": statistics.median(times), "min_us": min(times),
        "version": importlib.metadata.version(PACKAGES[engine]),
    }))


if __name__ == "__main__":
    main()
