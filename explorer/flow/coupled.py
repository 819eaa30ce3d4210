"""Linearized flows that feed each other: in series and in parallel (5.1)–(5.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.flow import block
from explorer.flow.base import Flow
from explorer.flow.coupling import (
    Coupling,
    at_barycenter,
    coupling_of,
    inflow_of,
    inherit,
    kept,
    length,
)
from explorer.flow.evolution import Evolution, Integrator, Solution, present
from explorer.flow.iterated import check_times
from explorer.flow.krylov import Krylov
from explorer.params import is_real, settle
from explorer.threads import exclusive

KRYLOV = Krylov()


@dataclass(frozen=True, eq=False)
class Stage:
    """One flow of a chain, and its coupling to the previous flow.

    Parameters
    ----------
    flow : LinearizedFlow or GraphFlow, linearized at the barycenter.
    coupling : array (label, from_label) or LinearOperator (n, from_n), optional
        L; the first stage has none, all others need one. An array acts on the label
        vector of each pixel. A scipy.sparse.linalg.LinearOperator with `rmatvec` acts
        on `V.ravel()` for a field V (label, row, col) or (label, node), and returns a
        raveled field of this flow. Π₀ then projects the result.
    """

    flow: Flow
    coupling: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        at_barycenter("flow", self.flow)
        settle(self, coupling=kept(self.coupling))


@dataclass(frozen=True, eq=False)
class SerialFlow:
    """A chain V̇_k = A_k V_k + B_k + Π₀ L_k V_{k−1}(T_{k−1}), V_k(0) = 0 (5.1)–(5.3).

    V_k(T_k) = T_k φ(T_k A_k)(B_k + Π₀ L_k V_{k−1}(T_{k−1})): the end of one flow
    modifies the data term of the next. The paper's equation (5.2) has L alone; Π₀ keeps
    the sum in the tangent space T₀ for every L.

    Parameters
    ----------
    stages : sequence of Stage, in the order in which they run.

    Raises
    ------
    ValueError, TypeError
        The message names the argument, its value and the cure.
    """

    stages: Sequence[Stage]
    maps: tuple[Coupling, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        stages = listed("stages", self.stages, "Stage(flow, coupling)")
        for k, stage in enumerate(stages):
            if not isinstance(stage, Stage):
                raise TypeError(
                    f"`stages[{k}]` is a {type(stage).__name__}; pass a Stage: "
                    "wrap the flow in `Stage(flow, coupling)`"
                )
        if stages[0].coupling is not None:
            raise ValueError(
                f"`stages[0].coupling` is a {type(stages[0].coupling).__name__}; the "
                "first stage has no flow before it: leave it out"
            )
        maps = tuple(
            coupling_of(
                f"stages[{k}].coupling",
                stages[k].coupling,
                stages[k].flow.shape,
                stages[k - 1].flow.shape,
            )
            for k in range(1, len(stages))
        )
        settle(self, stages=stages, maps=maps)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The flow of each stage."""
        return tuple(stage.flow for stage in self.stages)

    def uniform_weights(self) -> list[xr.DataArray]:
        """Return uniform weights for each stage."""
        return [flow.uniform_weights() for flow in self.flows]

    def check_times(self, times: Any) -> list[float]:
        """Return one time per stage."""
        times = check_times(times)
        if len(times) != len(self.stages):
            raise ValueError(
                f"`times` has {len(times)} entries; there are {len(self.stages)} "
                "stages: give one time for each"
            )
        return times

    def evolve(
        self,
        patches: Sequence[np.ndarray],
        times: Sequence[float],
        integrator: Integrator = KRYLOV,
    ) -> Iterator[Evolution]:
        """Yield each stage at its end, for checked plain arrays."""
        system = self.flows[0].plain_system(patches[0])
        carried, before = 0.0, None
        for k, time in enumerate(times):
            evolution = integrator.integrate(system, time)
            if before is not None and carried > 0.0:
                last = before.cure, before.exact
                evolution = inherit(evolution, carried, *last)
            yield evolution
            if k + 1 == len(times):
                return
            coupling = self.maps[k]
            inflow = inflow_of(coupling, evolution, f"times[{k}]")
            system = replace(
                self.flows[k + 1].plain_system(patches[k + 1]), inflow=inflow
            )
            carried = coupling.norm * length(evolution) * evolution.error
            before = evolution

    @exclusive
    def solve(
        self, weights: Any, times: Sequence[float], integrator: Integrator = KRYLOV
    ) -> tuple[Solution, ...]:
        """Return one Solution per stage; the last one is the result of the chain.

        Parameters
        ----------
        weights : list of the Ω_k, as `flow.check_weights` takes them.
        times : the T_k, each in [0, 10⁴].
        integrator : Krylov, or any other Integrator of linearized flows.

        Notes
        -----
        The errors include the errors of earlier stages. After a LinearOperator, they
        depend on an estimate of its norm.
        """
        times = self.check_times(times)
        patches = check_weights(self.flows, weights)
        if not isinstance(integrator, Integrator):
            raise TypeError(
                f"`integrator` = {integrator!r} is a {type(integrator).__name__}; "
                "pass an integrator of linearized flows, such as Krylov(dim=10)"
            )
        evolutions = self.evolve(patches, times, integrator)
        return tuple(present(e, integrator.rtol) for e in evolutions)


@dataclass(frozen=True, eq=False)
class ParallelFlow:
    """Flows V̇_i = A_i V_i + B_i + Σ_j Π₀ L_ij V_j(t), V_i(0) = 0, in parallel (5.2).

    One linear system [[A₀, L₀₁, …], [L₁₀, A₁, …], …], solved in one Krylov space.

    Parameters
    ----------
    flows : sequence of LinearizedFlow or GraphFlow, linearized at the barycenter.
    couplings : dict {(i, j): L_ij}
        L_ij feeds V_j into flow i ≠ j: arrays or LinearOperators as for `Stage`; Π₀
        projects their results. Omitted pairs do not interact.

    Raises
    ------
    ValueError, TypeError
        The message names the argument, its value and the cure.
    """

    flows: Sequence[Flow]
    couplings: Mapping[tuple[int, int], Any] = field(default_factory=dict, repr=False)
    maps: Mapping[tuple[int, int], Coupling] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        flows = listed("flows", self.flows, "LinearizedFlow(distances)")
        for k, flow in enumerate(flows):
            at_barycenter(f"flows[{k}]", flow)
        if not isinstance(self.couplings, Mapping):
            raise TypeError(
                f"`couplings` is a {type(self.couplings).__name__}; pass a dict "
                "{(i, j): L}, where L feeds flow j into flow i"
            )
        maps, couplings = {}, {k: kept(v) for k, v in self.couplings.items()}
        for place, value in couplings.items():
            i, j = check_place(place, len(flows))
            name = f"couplings[({i}, {j})]"
            maps[i, j] = coupling_of(name, value, flows[i].shape, flows[j].shape)
        settle(self, flows=flows, couplings=couplings, maps=maps)

    def uniform_weights(self) -> list[xr.DataArray]:
        """Return uniform weights for each flow."""
        return [flow.uniform_weights() for flow in self.flows]

    def evolve(
        self, patches: Sequence[np.ndarray], time: float, integrator: Krylov = KRYLOV
    ) -> block.BlockEvolution:
        """Return all flows at `time`, for checked plain arrays."""
        pairs = zip(self.flows, patches, strict=True)
        system = block.BlockSystem(
            tuple(f.plain_system(w) for f, w in pairs), self.maps
        )
        return block.evolve(system, time, integrator.dim)

    @exclusive
    def solve(
        self, weights: Any, time: float, integrator: Krylov = KRYLOV
    ) -> tuple[Solution, ...]:
        """Return one Solution per flow.

        Parameters
        ----------
        weights : list of the Ω_i, as `flow.check_weights` takes them.
        time : float in [0, 10⁴], T, of all flows.
        integrator : Krylov; its `dim` is the dimension of the joint Krylov space.

        Notes
        -----
        Errors are bounds, as for `Krylov`; with LinearOperators among the couplings,
        they depend on estimates of the operators' norms.
        """
        time = params.TIME.check(time)
        patches = check_weights(self.flows, weights)
        if not isinstance(integrator, Krylov):
            raise TypeError(
                f"`integrator` = {integrator!r} is a {type(integrator).__name__}; "
                "pass a Krylov instance such as Krylov(dim=10)"
            )
        evolutions = self.evolve(patches, time, integrator).evolutions
        return tuple(present(e, integrator.rtol) for e in evolutions)


def listed(argument: str, value: Any, example: str) -> tuple[Any, ...]:
    """Return a nonempty list or tuple as a tuple."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"`{argument}` is a {type(value).__name__}; pass a list: [{example}, …]"
        )
    if not value:
        raise ValueError(f"`{argument}` = {value!r} is empty: pass [{example}, …]")
    return tuple(value)


def check_place(place: Any, count: int) -> tuple[int, int]:
    """Return (i, j), two different flows."""
    pair = isinstance(place, tuple) and len(place) == 2
    if not (
        pair and all(isinstance(k, (int, np.integer)) and is_real(k) for k in place)
    ):
        raise TypeError(
            f"`couplings` has the key {place!r}; each key must be a pair (i, j) of "
            "integers: L_ij feeds flow j into flow i"
        )
    i, j = (int(k) for k in place)
    if i == j or not (0 <= i < count and 0 <= j < count):
        raise ValueError(
            f"`couplings` has the key {place!r}; each key must name two different "
            f"flows from 0 to {count - 1}: a flow acts on itself through its weights"
        )
    return i, j


def check_weights(flows: Sequence[Flow], weights: Any) -> list[np.ndarray]:
    """Return one plain weight array per flow."""
    arrays = listed("weights", weights, "flow.uniform_weights()")
    if len(arrays) != len(flows):
        raise ValueError(
            f"`weights` has {len(arrays)} entries; there are {len(flows)} flows: give "
            "one weight array for each, or start from `uniform_weights()`"
        )
    pairs = enumerate(zip(flows, arrays, strict=True))
    return [flow.check_weights(w, f"weights[{k}]") for k, (flow, w) in pairs]
