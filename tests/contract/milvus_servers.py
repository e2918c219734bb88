"""Milvus servers that this process runs itself, to show what Milvus Lite alone cannot: expression templates, a wanted
token, rows and answers that get lost. Each is Milvus Lite's own engine behind a changed entrance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from pymilvus.grpc_gen import common_pb2, milvus_pb2_grpc

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class TemplatingServicer(MilvusServicer):  # type: ignore[misc]  # untyped package
    """Says it is Milvus 2.6 and, as that does, fills a filter's placeholders with the values sent beside it."""

    def __init__(self, engine: MilvusLite) -> None:
        super().__init__(engine)
        self.filters: list[str] = []
        """Every filter as it arrived."""
        self.strong_reads: list[str] = []
        """Filters of the queries that wanted to see everything that was written before."""

    def GetVersion(self, request: Any, context: Any) -> Any:  # noqa: N802  # gRPC's name
        answer = super().GetVersion(request, context)
        answer.version = "v2.6.4"
        return answer

    def Search(self, request: Any, context: Any) -> Any:  # noqa: N802
        request.dsl = self._filled(request.dsl, request.expr_template_values)
        return super().Search(request, context)

    def Query(self, request: Any, context: Any) -> Any:  # noqa: N802
        if not request.use_default_consistency and request.consistency_level == common_pb2.Strong:
            self.strong_reads.append(request.expr)
        request.expr = self._filled(request.expr, request.expr_template_values)
        return super().Query(request, context)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        request.expr = self._filled(request.expr, request.expr_template_values)
        return super().Delete(request, context)

    def _filled(self, template: str, values: Mapping[str, Any]) -> str:
        self.filters.append(template)
        return _PLACEHOLDER.sub(lambda match: json.dumps(_plain(values[match[1]])), template)


class ForgetfulServicer(MilvusServicer):  # type: ignore[misc]
    """Acknowledges every row and keeps all but the last of each request."""

    def Upsert(self, request: Any, context: Any) -> Any:  # noqa: N802
        kept = type(request)()
        kept.CopyFrom(request)
        kept.num_rows -= 1
        for column in kept.fields_data:
            if column.WhichOneof("field") == "vectors":
                del column.vectors.float_vector.data[-column.vectors.dim :]
            else:
                del column.scalars.string_data.data[-1:]
        return super().Upsert(kept, context)


class MuteServicer(MilvusServicer):  # type: ignore[misc]
    """Switches an alias and fails to say so."""

    def AlterAlias(self, request: Any, context: Any) -> Any:  # noqa: N802
        super().AlterAlias(request, context)
        context.abort(grpc.StatusCode.INTERNAL, "the answer was lost")


class WantsToken(grpc.ServerInterceptor):  # type: ignore[misc]  # grpcio ships no types
    """Refuses calls that do not carry the token, as Milvus does with authorization switched on."""

    def __init__(self, header: str) -> None:
        self._header = header

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        if dict(details.invocation_metadata).get("authorization") == self._header:
            return continuation(details)
        return grpc.unary_unary_rpc_method_handler(
            lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure")
        )


@contextmanager
def served(
    servicer: type[MilvusServicer], folder: Path, *interceptors: grpc.ServerInterceptor
) -> Iterator[tuple[str, Any]]:
    """The server's URI and the servicer, while the block runs. One worker, as the stack runs it."""
    engine = MilvusLite(str(folder))
    try:
        entrance = servicer(engine)
        server = grpc.server(ThreadPoolExecutor(max_workers=1), interceptors=interceptors)
        milvus_pb2_grpc.add_MilvusServiceServicer_to_server(entrance, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"http://127.0.0.1:{port}", entrance
        finally:
            server.stop(grace=None).wait()
    finally:
        engine.close()


def _plain(value: Any) -> str | list[str]:
    if value.WhichOneof("val") == "array_val":
        return list(value.array_val.string_data.data)
    return str(value.string_val)
