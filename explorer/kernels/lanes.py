"""Vector registers inside compiled kernels: 64 bytes of consecutive numbers at once.

The compiler vectorizes a loop only if it can rule out that the loop reads what it has
written, and it gives up on loops over many rows. Therefore this module requests vectors
explicitly: values of type `Lanes` hold eight float64 or sixteen float32. They exist
only inside kernels. Addresses count numbers from the start of a C-contiguous array;
nothing checks them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

BYTES = 64
"""Length of a register: one cache line. On processors with shorter registers, the
compiler uses several of them."""


class Lanes(types.Type):
    """Numba's type of a register of consecutive numbers."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.count = 8 * BYTES // dtype.bitwidth
        super().__init__(name=f"Lanes({dtype})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """How the compiler stores a register: as one LLVM vector."""

    def __init__(self, manager: Any, lanes: Lanes) -> None:
        number = manager.lookup(lanes.dtype).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(number, lanes.count))


def _pointer(context: Any, builder: Any, kind: Any, args: Any, lanes: Lanes) -> Any:
    """Return the address of array.flat[at]."""
    array = context.make_array(kind)(context, builder, args[0])
    pointer = builder.gep(array.data, [args[1]])
    return builder.bitcast(pointer, context.get_value_type(lanes).as_pointer())


@intrinsic
def load(typing: Any, array: Any, at: Any) -> Any:
    """Return array.flat[at : at + count]."""
    lanes = Lanes(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args, lanes)
        return builder.load(pointer, align=lanes.dtype.bitwidth // 8)

    return lanes(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Write array.flat[at : at + count] = value."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args, value)
        builder.store(args[2], pointer, align=value.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic
def spread(typing: Any, array: Any, number: Any) -> Any:
    """Return a register full of one number, of the type that the array holds."""
    lanes = Lanes(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = context.get_value_type(lanes)
        index = ir.IntType(32)
        empty = ir.Constant(whole, ir.Undefined)
        first = builder.insert_element(empty, args[1], index(0))
        zeros = ir.Constant(ir.VectorType(index, lanes.count), [0] * lanes.count)
        return builder.shuffle_vector(first, empty, zeros)

    return lanes(array, lanes.dtype), generate


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a∘b + c, with a single rounding if the processor supports it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = context.get_value_type(a)
        name = f"llvm.fmuladd.v{a.count}f{a.dtype.bitwidth}"
        kind = ir.FunctionType(whole, [whole] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(function, args)

    return a(a, a, a), generate


def _elementwise(compute: Callable[[Any, Any, Any], Any]) -> Any:
    """Return an operation of two registers."""

    @intrinsic
    def operation(typing: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return compute(builder, args[0], args[1])

        return a(a, a), generate

    return operation


def _larger(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", x, y), x, y)


mul = _elementwise(lambda builder, x, y: builder.fmul(x, y))
add = _elementwise(lambda builder, x, y: builder.fadd(x, y))
sub = _elementwise(lambda builder, x, y: builder.fsub(x, y))
div = _elementwise(lambda builder, x, y: builder.fdiv(x, y))
larger = _elementwise(_larger)


def _shuffle(mask: Callable[[int], list[int]]) -> Any:
    """Return an operation that picks numbers from two registers, a and b after it."""

    @intrinsic
    def operation(typing: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = ir.VectorType(ir.IntType(32), a.count)
            return builder.shuffle_vector(*args, ir.Constant(kind, mask(a.count)))

        return a(a, a), generate

    return operation


shift_right = _shuffle(lambda n: [n, *range(n - 1)])
"""(b₀, a₀, a₁, …): a moved by one, its last number lost."""

shift_left = _shuffle(lambda n: [*range(1, n), 2 * n - 1])
"""(a₁, a₂, …, b_last): a moved by one, its first number lost."""
