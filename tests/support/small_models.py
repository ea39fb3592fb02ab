"""Small networks in files, as others would give them: two dense layers from a window of samples to two scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SIZE, HIDDEN = 400, 6


def weights(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Of the hidden layer (6, 400) and of the scores (2, 6)."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (HIDDEN, SIZE)).astype(np.float32), rng.normal(0, 1, (2, HIDDEN)).astype(np.float32)


def write_tflite(path: Path, seed: int = 0) -> Path:
    """A TensorFlow Lite file with the tensors "samples" (1, 400), "hidden" (1, 6) and the output "scores" (1, 2)."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as tfl

    first, second = weights(seed)
    model, graph = tfl.ModelT(), tfl.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [tfl.BufferT()]
    code = tfl.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = tfl.BuiltinOperator.FULLY_CONNECTED
    code.version, model.operatorCodes, graph.tensors = 1, [code], []

    def tensor(name: str, shape: tuple[int, ...], content: np.ndarray | None = None) -> int:
        one = tfl.TensorT()
        one.name, one.shape, one.type, one.buffer = name, list(shape), tfl.TensorType.FLOAT32, 0
        if content is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(content.tobytes(), np.uint8)
            one.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(one)
        return len(graph.tensors) - 1

    def dense(enter: int, weight: int, leave: int) -> tfl.OperatorT:
        one = tfl.OperatorT()
        one.opcodeIndex, one.inputs, one.outputs = 0, [enter, weight, -1], [leave]
        one.builtinOptionsType, one.builtinOptions = (
            tfl.BuiltinOptions.FullyConnectedOptions,
            tfl.FullyConnectedOptionsT(),
        )
        return one

    samples = tensor("samples", (1, SIZE))
    hidden, scores = tensor("hidden", (1, HIDDEN)), tensor("scores", (1, 2))
    w1, w2 = tensor("w1", first.shape, first), tensor("w2", second.shape, second)
    graph.inputs, graph.outputs = [samples], [scores]
    graph.operators = [dense(samples, w1, hidden), dense(hidden, w2, scores)]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def write_onnx(path: Path, seed: int = 0) -> Path:
    """An ONNX file with the input "samples" (1, 400) and the outputs "hidden" (1, 6) and "scores" (1, 2).

    Its protocol buffer is written by hand: the field numbers are those of onnx.proto.
    """
    first, second = weights(seed)

    def field(number: int, content: bytes | int | str) -> bytes:
        if isinstance(content, int):
            return _varint(number << 3) + _varint(content)
        content = content.encode() if isinstance(content, str) else content
        return _varint(number << 3 | 2) + _varint(len(content)) + content

    def constant(name: str, values: np.ndarray) -> bytes:  # TensorProto: dims, data_type float, name, raw_data
        dims = b"".join(field(1, n) for n in values.shape)
        return field(5, dims + field(2, 1) + field(8, name) + field(9, np.ascontiguousarray(values).tobytes()))

    def product(a: str, b: str, out: str) -> bytes:  # NodeProto: input, input, output, op_type
        return field(1, field(1, a) + field(1, b) + field(2, out) + field(4, "MatMul"))

    def value(number: int, name: str, width: int) -> bytes:  # ValueInfoProto: name, type.tensor_type
        shape = b"".join(field(1, field(1, n)) for n in (1, width))
        return field(number, field(1, name) + field(2, field(1, field(1, 1) + field(2, shape))))

    graph = product("samples", "w1", "hidden") + product("hidden", "w2", "scores") + field(2, "small")
    graph += constant("w1", first.T) + constant("w2", second.T)
    graph += value(11, "samples", SIZE) + value(12, "hidden", HIDDEN) + value(12, "scores", 2)
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13)))
    return path


def _varint(n: int) -> bytes:
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
