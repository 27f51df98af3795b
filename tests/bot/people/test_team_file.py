"""Files with people's teams, as people and programs write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.team_file import BadFile, Entry, parse

LINES = ["id,team,level,manager", "U0ANA,Data,Senior,U0EVA", "U0BEN,Search,,"]
PEOPLE = {
    "U0ANA": Entry("Data", "Senior", "U0EVA"),
    "U0BEN": Entry("Search", "", None),
}


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\r\n".join(LINES) + "\r\n",
        "\ufeff" + "\n".join(LINES),
        "\n".join(LINES).replace(",", ";"),
        "\n".join(LINES).replace(",", "\t"),
        '"ID "," Team",LEVEL,Manager\n"U0ANA","Data","Senior",U0EVA\nU0BEN,Search\n\n',
        "name,manager,level,team,id\nAna,U0EVA,Senior, Data ,U0ANA\nB,,,Search,U0BEN",
    ],
)
def test_spreadsheets_write_it_in_many_ways(text: str) -> None:
    file = parse(text.splitlines(keepends=True))
    assert file.entries == PEOPLE
    assert not file.without_id + file.repeated + file.without_manager


def test_lines_to_look_at_are_counted() -> None:
    file = parse(
        [
            "id,team,manager\n",
            "ana@example.com,Data,\n",
            "U0ANA,Data,U0ANA\n",
            "U0BEN,Data,Eva\n",
            "U0ANA,Search,U0EVA\n",
            "=1+1,Data,\n",
        ]
    )
    assert file.entries["U0ANA"] == Entry("Search", "", "U0EVA")
    assert file.without_id == (2, 6)
    assert file.repeated == (5,)
    assert file.without_manager == (3, 4)


@pytest.mark.parametrize(
    ("cell", "team"),
    [
        ('"=HYPERLINK(""https://evil.test"")"', '=HYPERLINK("https://evil.test")'),
        ("+1 Team", "+1 Team"),
        ('"two\nlines"', "two lines"),
        ("Da\u202eta\x00", "Data"),
        ("<!channel>", "<!channel>"),
        ("x" * 3001, "x" * 59 + "…"),
    ],
)
def test_a_team_is_plain_text_in_one_line(cell: str, team: str) -> None:
    file = parse(f"id,team\nU0ANA,{cell}\n".splitlines(keepends=True))
    assert file.entries == {"U0ANA": Entry(team, "", None)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no column id"),
        ("\n\n", "no column id"),
        ("member,team\nU0ANA,Data\n", "no column id"),
        ("id,team,Team\nU0ANA,Data,Search\n", "same name"),
        ("id,team\n", "no people"),
        ("id,team\nana,Data\n", "no people"),
        ("id,team\nU0ANA," + "x" * 200_000, "Line 2: field larger"),
    ],
)
def test_a_file_without_people_is_refused(text: str, problem: str) -> None:
    with pytest.raises(BadFile, match=problem):
        parse(text.splitlines(keepends=True))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("id,team\nU0ANA,Zürich\n".encode("latin-1"))
    with (
        path.open(encoding="utf-8-sig", newline="") as lines,
        pytest.raises(BadFile, match="UTF-8"),
    ):
        parse(lines)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        file = parse(text.splitlines(keepends=True))
    except BadFile:
        return
    assert file.entries
