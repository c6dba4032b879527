"""JSON as the contract has it, whoever writes it."""

from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from flask import jsonify

from registry.rules.enumerations import PackageKind
from registry.web.json import dump_json, json_response
from tests.web.conftest import MakeApp


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2020, 12, 5, 10, 43, 14, 208999, UTC), "2020-12-05T10:43:14.208Z"),
        (datetime(2020, 12, 5, tzinfo=UTC), "2020-12-05T00:00:00.000Z"),
        (datetime(2020, 12, 5, tzinfo=timezone(timedelta(hours=2))), "2020-12-04T22:00:00.000Z"),
    ],
)
def test_times_have_milliseconds_and_z(moment: datetime, written: str) -> None:
    assert dump_json({"at": moment}) == f'{{"at":"{written}"}}'.encode()


def test_order_fragments_words_and_characters_are_kept() -> None:
    value = {
        "z": None,
        "a": orjson.Fragment('{"kept": 1}'),
        "kind": PackageKind.APP,
        "text": "é\u2028",
    }

    assert dump_json(value) == '{"z":null,"a":{"kept": 1},"kind":"app","text":"é\u2028"}'.encode()


def test_what_json_has_no_form_for() -> None:
    with pytest.raises(TypeError):
        dump_json({"set": {1}})


def test_flask_writes_and_reads_the_same_json(make_app: MakeApp) -> None:
    app = make_app()
    moment = datetime(2020, 12, 5, tzinfo=UTC)
    app.add_url_rule("/flask", "flask", lambda: jsonify(b=moment, a=1))
    app.add_url_rule("/ours", "ours", lambda: json_response({"b": moment, "a": 1}))
    client = app.test_client()

    ours = client.get("/ours")

    assert ours.mimetype == "application/json"
    assert ours.data == b'{"b":"2020-12-05T00:00:00.000Z","a":1}'
    assert client.get("/flask").data == ours.data
    assert app.json.loads(ours.data) == ours.json
