#!/usr/bin/env python3
"""Writes onnx_headers.json: what Python's `onnx` package reads from each shared model.

The independent expectation of the test `headers_equal_what_python_reads` (src/onnx/tests.rs).
Usage: make_onnx_headers.py [folder of models]; needs `pip install onnx numpy`.
"""
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto

NAMES = {
    TensorProto.FLOAT: "f32", TensorProto.UINT8: "u8", TensorProto.INT8: "i8",
    TensorProto.INT32: "i32", TensorProto.INT64: "i64", TensorProto.FLOAT16: "f16",
    TensorProto.DOUBLE: "f64", TensorProto.BOOL: "bool",
}


def dim(d):
    kind = d.WhichOneof("value")
    if kind == "dim_value":
        return d.dim_value
    return d.dim_param if kind == "dim_param" and d.dim_param else None


def value(v):
    t = v.type.tensor_type
    shape = [dim(d) for d in t.shape.dim] if t.HasField("shape") else None
    return {"name": v.name, "element": NAMES[t.elem_type], "shape": shape}


def graphs(graph):
    yield graph
    for node in graph.node:
        for a in node.attribute:
            for g in [a.g] if a.HasField("g") else list(a.graphs):
                yield from graphs(g)


def size(tensor):
    item = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
    return int(np.prod(tensor.dims, dtype=np.int64)) * item


MOVES = {
    "Cast", "DequantizeLinear", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity",
    "MaxPool", "QuantizeLinear", "ReduceMax", "Reshape", "Slice", "Split", "Squeeze", "TopK", "Transpose",
    "Unsqueeze",
}


def squashed(graph, name):
    """The sigmoid or softmax that made some of the numbers of a tensor: from the output backwards."""
    makers = {o: n for n in graph.node for o in n.output}
    node = makers.get(name)
    if node is None or (node.op_type == "TopK" and name != node.output[0]):
        return None
    if node.op_type in ("Sigmoid", "Softmax", "HardSigmoid"):
        return node.op_type
    if node.op_type in ("Concat", "Max"):
        return next((by for by in (squashed(graph, i) for i in node.input) if by), None)
    return squashed(graph, node.input[0]) if node.op_type in MOVES else None


def header(path):
    m = onnx.load(path, load_external_data=False)
    everything = list(graphs(m.graph))
    nodes = [n for g in everything for n in g.node]
    weights = {t.name for t in m.graph.initializer} | {t.values.name for t in m.graph.sparse_initializer}
    metadata = {p.key: p.value for p in m.metadata_props}
    return {
        "ir_version": m.ir_version,
        "producer": f"{m.producer_name} {m.producer_version}".strip(),
        "opsets": [[o.domain, o.version] for o in m.opset_import],
        "inputs": [value(v) for v in m.graph.input if v.name not in weights],
        "outputs": [value(v) for v in m.graph.output],
        "probabilities": {v.name: by for v in m.graph.output if (by := squashed(m.graph, v.name))},
        "metadata": {
            k: v if len(v) <= 80 else f"{len(v)} characters" for k, v in sorted(metadata.items())
        },
        "external_data": [],
        "domains": sorted({n.domain for n in nodes}),
        "node_count": len(nodes),
        "has_ep_context": any(n.op_type == "EPContext" for n in nodes),
        "initializer_bytes": sum(size(t) for g in everything for t in g.initializer),
    }


def main():
    here = pathlib.Path(__file__).resolve().parent
    default = here.parents[2] / "shared" / "data" / "models"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    found = {p.name: header(p) for p in sorted(folder.glob("*.onnx"))}
    (here / "onnx_headers.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
