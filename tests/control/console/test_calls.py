from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote

import pytest

from tests.control.console.conftest import HOSTILE


def text(answer) -> str:
    assert answer.status == 200, answer.body
    return answer.body.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 60),
        ("?action=block", 2),
        ("?problems=true&action=block", 2),
        ("?trunk=domestic-1", 57),
        ("?tn=020+7946+0999", 2),
        ("?reason=dno.exact&trunk=domestic-1", 0),
        ("?since=2020-01-01T00:00", 60),
        ("?until=2020-01-01T00:00Z", 0),
        ("?verstat=TN-Validation-Passed", 0),
        ("?page=9999&sort=nothing&page=-1", 60),
    ],
)
def test_filters_find_what_fits(operator, query, found):
    assert f"{found} of the last 60 calls" in text(operator.get(f"/calls{query}"))


@pytest.mark.parametrize("query", ["tn=nonsense", "since=yesterday", "until=%00", "tn=%F0%9F%93%9E"])
def test_a_filter_that_cannot_be_read_is_a_problem_in_words(operator, query):
    answer = operator.get(f"/calls?{query}")
    assert answer.status == 400
    assert "There is a problem" in answer.body.decode()


def test_pages_have_each_call_once(operator):
    found = []
    for page in (1, 2):
        lines = text(operator.get(f"/calls/export/jsonl?page={page}")).splitlines()
        found += [json.loads(line)["call_id"] for line in lines]
    assert len(found) == len(set(found)) == 60


@pytest.mark.parametrize("sort", ["time", "-time", "from", "to", "trunk", "action", "reason", "ms", "-ms"])
def test_the_export_is_what_is_on_the_screen_in_its_order(operator, sort):
    query = f"?sort={sort}&problems=true&action=block"
    page = text(operator.get(f"/calls{query}"))
    rows = list(csv.reader(io.StringIO(text(operator.get(f"/calls/export/csv{query}")))))
    assert len(rows) == 3
    places = [page.index(f"{row[0][:10]} {row[0][11:23]}") for row in rows[1:]]
    assert places == sorted(places)


def test_nothing_is_exported_as_an_empty_file(operator):
    for form in ("csv", "jsonl"):
        assert operator.get(f"/calls/export/{form}?trunk=nobody").status == 404


def test_what_a_caller_chose_for_its_call_id_is_text_everywhere(operator):
    for path in ("/calls", f"/calls/{quote(HOSTILE, safe='')}"):
        page = text(operator.get(path))
        assert "<script>alert" not in page
    rows = list(
        csv.reader(io.StringIO(text(operator.get("/calls/export/csv?problems=true&action=block&sort=time"))))
    )
    assert [row[2] for row in rows[1:]] == ["forged", f"'{HOSTILE}"]


def test_a_call_is_explained_rule_by_rule_with_its_header_taken_apart(operator):
    forged = text(operator.get("/calls/forged"))
    for said in ("never calls out", "Rule by rule", "dno.csv", "What would change it", "abroad.home-number"):
        assert said in forged
    signed = text(operator.get("/calls/signed"))
    assert "&#34;alg&#34;: &#34;ES256&#34;" in signed
    assert "As it came" in signed


def test_a_call_that_is_not_kept_is_said_to_be_gone(operator):
    answer = operator.get("/calls/never-seen")
    assert answer.status == 404
    assert "not kept any more" in answer.body.decode()


def test_one_click_leads_from_a_figure_to_its_calls(operator):
    overview = text(operator.get("/?minutes=60"))
    assert "/calls?since=" in overview
    assert "reason=dno.exact" in overview
    assert "HMRC (example)" in overview
    assert "60</b> calls" in overview


@pytest.mark.parametrize("path", ["/calls", "/calls/export/csv", "/calls/export/jsonl"])
def test_an_auditor_neither_seeks_nor_sorts_by_a_number(auditor, path):
    for query in ("tn=%2B442079460999", "tn=+", "sort=from", "sort=-to"):
        answer = auditor.get(f"{path}?{query}")
        assert (answer.status, b"operators" in answer.body) == (403, True), query
    page = text(auditor.get("/calls?sort=trunk"))
    assert "sort=action" in page
    for sort in ("sort=from", "sort=to"):
        assert sort not in page
