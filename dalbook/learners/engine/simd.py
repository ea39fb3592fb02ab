"""Vectors of LANES float32 numbers as values that numba's compiled loops can compute with.

The compiler cannot prove that two arrays do not overlap, so a loop over arrays stores and reloads its running sums in
each turn. A vector held in a variable stays in a register: the loops of `dalbook.learners.engine.kernels` are three
times faster for it. LLVM turns the operations into whatever the processor has: AVX-512, AVX2, NEON.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES = 16  # float32 numbers of one 512-bit register


class Vector(types.Type):
    """The numba type of LANES float32 numbers side by side."""

    def __init__(self):
        super().__init__(name=f"float32x{LANES}")


VECTOR = Vector()
_FLOATS = ir.VectorType(ir.FloatType(), LANES)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, _FLOATS)


def _address(context, builder, kind, array, row):
    """Where row `row` of a C-contiguous (rows, LANES) array lies."""
    data = context.make_array(kind)(context, builder, array).data
    start = builder.mul(row, ir.Constant(row.type, LANES))
    return builder.bitcast(builder.gep(data, [start]), _FLOATS.as_pointer())


def _splat(builder, number):
    """A vector with the same number in every lane."""
    one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
    return builder.shuffle_vector(one, ir.Constant(_FLOATS, ir.Undefined), zeros)


@intrinsic
def load(context, array, row):
    """Row `row` of a C-contiguous float32 array (rows, LANES); the index is not checked."""

    def generate(context, builder, signature, arguments):
        instruction = builder.load(_address(context, builder, signature.args[0], *arguments))
        instruction.align = 4
        return instruction

    return VECTOR(array, row), generate


@intrinsic
def store(context, array, row, vector):
    """Write a vector to row `row` of a C-contiguous float32 array (rows, LANES); the index is not checked."""

    def generate(context, builder, signature, arguments):
        instruction = builder.store(arguments[2], _address(context, builder, signature.args[0], *arguments[:2]))
        instruction.align = 4
        return context.get_dummy_value()

    return types.void(array, row, vector), generate


@intrinsic
def zeros(context):
    """A vector of zeros."""
    return VECTOR(), lambda context, builder, signature, arguments: ir.Constant(_FLOATS, None)


@intrinsic
def add(context, a, b):
    """The sum of two vectors."""
    return VECTOR(a, b), lambda context, builder, signature, arguments: builder.fadd(*arguments)


@intrinsic
def axpy(context, number, vector, total):
    """``total + number * vector``, rounded once."""

    def generate(context, builder, signature, arguments):
        fused = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_FLOATS, [_FLOATS] * 3), f"llvm.fma.v{LANES}f32"
        )
        return builder.call(fused, [_splat(builder, arguments[0]), *arguments[1:]])

    return VECTOR(types.float32, vector, total), generate
