"""A new chapter's skeleton runs, and lacks nothing but the text that is to be written."""

import runpy
from pathlib import Path

import pytest
from form import exercises, problems

from toolkit.catalog import load_part


@pytest.mark.parametrize(("part", "slug"), [("memory", "monotone-dbm"), ("tickets", "my-own-paper")])
def test_skeleton_runs_and_has_the_form(checkout, part, slug):
    wrong = checkout.folder / "tests" / "notebooks" / "wrong_answers" / f"{slug}.py"
    wrong.parent.mkdir(parents=True)
    made = checkout.run("toolkit", "new", part, slug)
    assert made.returncode == 0, made.stderr
    ran = checkout.run("toolkit", "reproduce", slug, "--store", "--out", "out")
    assert ran.returncode == 0, ran.stderr
    catalogue: Path = checkout.folder / "toolkit" / "catalog" / f"{part}.yml"
    (entry,) = load_part(catalogue).chapters
    assert entry.slug == slug and slug not in {p.slug for p in load_part(catalogue).planned}
    left = problems(checkout.folder / "notebooks" / part / f"{slug}.ipynb", entry)
    assert left and all(line.startswith("TODO") for line in left), left
    assert f"{{{slug}," in (checkout.folder / "book" / "references.bib").read_text()
    names = {name for name, *_ in exercises(checkout.folder / "notebooks" / part / f"{slug}.ipynb")}
    answers = runpy.run_path(str(wrong))["WRONG"]
    assert set(answers) == names and all(len(listed) >= 2 for listed in answers.values())
    again = checkout.run("toolkit", "new", part, slug)
    assert again.returncode == 2 and "already stands" in again.stderr


def test_refusals_change_nothing(checkout):
    before = {p: p.read_bytes() for p in checkout.folder.rglob("*") if p.suffix in (".yml", ".bib", ".ipynb")}
    for part, slug, words in [
        ("nowhere", "a-paper", "there is no part 'nowhere'"),
        ("tickets", "Bad_Slug", "must be small letters"),
        ("tickets", "monotone-dbm", "planned in part 'memory'"),
    ]:
        refused = checkout.run("toolkit", "new", part, slug)
        assert refused.returncode == 2 and words in refused.stderr
    after = {p: p.read_bytes() for p in checkout.folder.rglob("*") if p.suffix in (".yml", ".bib", ".ipynb")}
    assert after == before
