"""A graph that is written again node by node, some of them changed on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from asr.errors import ModelError
from asr.export.nodes import Nodes, Value

# Operators that onnxruntime has and the standard has not.
CONTRIBUTED = "com.microsoft"


class Rewriting(Nodes):
    """The nodes of a new graph; what is added here is named with a prefix that the source does not use."""

    def __init__(self, source: onnx.ModelProto, prefix: str) -> None:
        super().__init__(prefix)
        self._source = source
        self._weights = {weight.name: weight for weight in source.graph.initializer}

    def weight(self, value: Value) -> npt.NDArray[Any] | None:
        """Return a constant of the source; None for what is computed."""
        return numpy_helper.to_array(self._weights[value]) if value in self._weights else None

    def known(self, value: Value) -> npt.NDArray[Any]:
        """Return a constant of the source; ModelError for what is computed."""
        constant = self.weight(value)
        if constant is None:
            raise ModelError(
                f"the graph computes {value}, where 'asr export' writes weights; name a file written by it"
            )
        return constant

    def keep(self, node: onnx.NodeProto, **inputs: Value) -> None:
        """Append a node of the source, with other values in place of some of its inputs."""
        kept = onnx.NodeProto.FromString(node.SerializeToString())
        kept.input[:] = [inputs.get(value, value) for value in node.input]
        self.nodes.append(kept)

    def replace(self, node: onnx.NodeProto, operator: str, *inputs: Value, **attributes: Any) -> None:
        """Append a node in place of one of the source, with its attributes and outputs."""
        own = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        self.add_many(operator, *inputs, outputs=node.output, **own, **attributes)

    def finished(
        self,
        inputs: Sequence[onnx.ValueInfoProto] | None = None,
        outputs: Sequence[onnx.ValueInfoProto] | None = None,
    ) -> onnx.ModelProto:
        """Return the checked model: inputs and outputs of the source unless given, and the constants that are used."""
        source = self._source.graph
        used = set(_used(self.nodes))
        graph = helper.make_graph(
            self.nodes,
            source.name,
            source.input if inputs is None else inputs,
            source.output if outputs is None else outputs,
            [weight for name, weight in self._weights.items() if name in used] + list(self.constants.values()),
        )
        model = helper.make_model(graph, opset_imports=self._opsets(), ir_version=self._source.ir_version)
        model.producer_name = self._source.producer_name
        onnx.checker.check_model(model, full_check=True)
        return model

    def _opsets(self) -> list[onnx.OperatorSetIdProto]:
        opsets = list(self._source.opset_import)
        added = {node.domain for node in self.nodes} - {opset.domain for opset in opsets}
        return opsets + [helper.make_opsetid(domain, 1) for domain in sorted(added)]


def normalised(model: onnx.ModelProto) -> Value:
    """Return the name of the normalised features, at which the encoder begins; ModelError where there are none."""
    reached: set[Value] = set()
    for node in model.graph.node:
        if node.op_type == "ReduceLogSum" or not reached.isdisjoint(node.input):  # the logarithm of the bands, and on
            reached.update(node.output)
            if node.op_type == "Div":  # by their deviation
                return str(node.output[0])
    raise ModelError("the graph has no features as 'asr export' writes them; name a file written by it")


def encoder(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Yield the nodes from the normalised features to the scores before the softmax, in order."""
    reached = {normalised(model)}
    for node in model.graph.node:
        if node.op_type == "LogSoftmax":
            return
        if not reached.isdisjoint(node.input):
            reached.update(node.output)
            yield node


def _used(nodes: Iterable[onnx.NodeProto]) -> Iterator[Value]:
    """Yield the names of what nodes read, those inside of branches included."""
    for node in nodes:
        yield from node.input
        for attribute in node.attribute:
            yield from _used(attribute.g.node)
