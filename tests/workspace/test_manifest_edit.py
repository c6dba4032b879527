import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.errors import Conflict
from registry.workspace.manifest_edit import edit_manifest


def edited(text: str, /, **changes: Any) -> str:
    return edit_manifest(text.encode(), changes).decode()


def test_replaces_a_value_and_nothing_else() -> None:
    before = """{
  "name": "one",
  "version": "1.0.0",
  "x":   [1.0, 1e2,\t"\\u00e9"],

  "files": ["a",
    "b"]
}
"""
    after = edited(before, version="1.0.1")

    assert after == before.replace("1.0.0", "1.0.1")


def test_appends_a_key_that_is_not_there() -> None:
    assert edited('{\n  "a": 1\n}\n', license="MIT", scripts={"b": "c"}) == (
        '{\n  "a": 1,\n  "license": "MIT",\n  "scripts": {\n    "b": "c"\n  }\n}\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Tabs, four spaces, none at all.
        ('{\n\t"a": 1\n}', '{\n\t"a": {\n\t\t"x": "y"\n\t},\n\t"b": "c"\n}'),
        ('{\n    "a": 1\n}', '{\n    "a": {\n        "x": "y"\n    },\n    "b": "c"\n}'),
        ('{\n"a": 1\n}', '{\n"a": {\n"x": "y"\n},\n"b": "c"\n}'),
        # Line ends of Windows.
        ('{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": {\r\n    "x": "y"\r\n  },\r\n  "b": "c"\r\n}\r\n'),
        # On one line, spaced or not.
        ('{"a":1}', '{"a":{"x":"y"},"b":"c"}'),
        ('{"a": 1}', '{"a": {"x": "y"}, "b": "c"}'),
        ('{ "a": 1 }', '{ "a": {"x": "y"}, "b": "c" }'),
        ('{"z":0,"a":1}', '{"z":0,"a":{"x":"y"},"b":"c"}'),
        ('{"z": 0, "a": 1}', '{"z": 0, "a": {"x": "y"}, "b": "c"}'),
        # A colon of its own kind, and lines between members.
        ('{\n  "a":1\n}', '{\n  "a":{\n    "x":"y"\n  },\n  "b":"c"\n}'),
        ('{\n\n  "a" : 1\n\n}', '{\n\n  "a" : {\n    "x": "y"\n  },\n  "b": "c"\n\n}'),
        # Commas that come first.
        ('{\n  "z": 0\n, "a": 1\n}', '{\n  "z": 0\n, "a": {\n    "x": "y"\n  },\n  "b": "c"\n}'),
        # A byte order mark, blanks around.
        ('\ufeff {"a":1} \n', '\ufeff {"a":{"x":"y"},"b":"c"} \n'),
        # Of equal keys the last one counts.
        ('{"a":1,"a":2}', '{"a":1,"a":{"x":"y"},"b":"c"}'),
        # A key spelled with escapes.
        ('{"\\u0061":1}', '{"\\u0061":{"x":"y"},"b":"c"}'),
    ],
)
def test_writes_as_the_file_is_written(before: str, after: str) -> None:
    assert edited(before, a={"x": "y"}, b="c") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n  "a": "b"\n}'),
        ("{ }\n", '{\n  "a": "b"\n}\n'),
        ("{\r\n}\r\n", '{\r\n  "a": "b"\r\n}\r\n'),
    ],
)
def test_fills_an_empty_object(before: str, after: str) -> None:
    assert edited(before, a="b") == after


def test_gives_an_empty_object_several_keys() -> None:
    assert edited("{}", a="b", c={}) == '{\n  "a": "b",\n  "c": {}\n}'


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ('{"a":"\\u00e9"}', {"a": "é"}),
        ('{"a":{"b":"1",\n"c":"2"}}', {"a": {"b": "1", "c": "2"}}),
        ('{"a": [ ] }', {"a": []}),
        ('{"a": 1}', {}),
        ("{}", {}),
    ],
)
def test_a_value_that_is_there_already_keeps_its_text(text: str, changes: dict[str, Any]) -> None:
    assert edited(text, **changes) == text


def test_another_order_of_keys_is_another_value() -> None:
    assert edited('{"a":{"b":"1","c":"2"}}', a={"c": "2", "b": "1"}) == '{"a":{"c":"2","b":"1"}}'


def test_true_is_not_one() -> None:
    assert edited('{"a":1}', a=True) == '{"a":true}'


def test_bytes_that_are_not_utf8_stay() -> None:
    assert edit_manifest(b'{"a":"\xe9","b":1}', {"b": "x"}) == b'{"a":"\xe9","b":"x"}'


def test_writes_letters_as_they_are_and_half_pairs_as_escapes() -> None:
    assert edited("{}", a="é\udce9\n") == '{\n  "a": "é\\udce9\\n"\n}'


def test_numbers_of_any_length_stay() -> None:
    long = "1" * 5000

    assert edited(f'{{"a":{long},"b":1e400}}', c="x") == f'{{"a":{long},"b":1e400,"c":"x"}}'
    assert edited(f'{{"a":{long}}}', a="x") == '{"a":"x"}'


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "[]", "5", "null", "{", '{"a"}', '{"a":}', '{"a":1,}', "{,}", '{"a":1 "b":2}'),
        *("{a:1}", '{"a":1} x', '{"a":NaN}', "{5:1}", '{"a":1}}', '{"a":' * 100_000),
    ],
)
def test_what_is_no_object_cannot_be_edited(text: str) -> None:
    with pytest.raises(Conflict) as refused:
        edited(text, version="1.0.0")
    assert refused.value.code == "manifest_not_json"


texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, values, max_size=5)
indents = st.sampled_from([None, 0, 1, 2, 4, "\t"])
forms = st.fixed_dictionaries(
    {
        "indent": indents,
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",", ": ")]),
        "ensure_ascii": st.booleans(),
    }
)
newlines = st.sampled_from(["\n", "\r\n"])
endings = st.sampled_from(["", "\n", "  "])


@given(objects, st.dictionaries(texts, values, max_size=4), forms, newlines, endings)
def test_reads_as_the_old_values_with_the_changes(
    content: dict[str, Any], changes: dict[str, Any], form: dict[str, Any], newline: str, end: str
) -> None:
    text = (json.dumps(content, **form) + end).replace("\n", newline)

    after = edited(text, **changes)

    assert json.loads(after) == {**content, **changes}
    assert list(json.loads(after)) == list({**content, **changes})
    # Once is enough, and what does not change is not touched.
    assert edited(after, **changes) == after
    assert edited(text, **{key: content[key] for key in changes if key in content}) == text
    if "\r\n" in text:
        assert "\n" not in after.replace("\r\n", "")


@given(objects, texts, values, indents)
def test_every_other_line_stays(
    content: dict[str, Any], key: str, value: object, indent: int | str | None
) -> None:
    assume(key not in {"before", "after"})
    # The key comes after whatever else might look like it.
    others = {name: other for name, other in content.items() if name not in {key, "after"}}
    text = json.dumps({"before": 1, **others, key: None, "after": {"x": 2}}, indent=indent)
    spelled = json.dumps(key)
    start = text.rindex(f"{spelled}: null")
    place = start + len(spelled) + 2

    after = edited(text, **{key: value})

    if value is None:
        assert after == text
    else:
        assert after.startswith(text[:place])
        assert after.endswith(text[place + 4 :])
