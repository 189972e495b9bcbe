"""The skeleton of a new chapter: catalogue entry, notebook and bibliography entry."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from toolkit.catalog import load, parts
from toolkit.catalog.schema import Chapter, Planned

TODO = "TODO"


class ScaffoldError(ValueError):
    """A skeleton that cannot be written; nothing was changed."""


def write(part: str, slug: str) -> list[Path]:
    """Writes the skeleton of a chapter and returns the files made or changed.

    A paper that is already planned keeps its title, authors, year and data sets.

    Raises:
        ScaffoldError: an unknown part, a slug of the wrong form, one that has a chapter or is planned in
            another part, or a notebook that is already there.
    """
    from toolkit.reproduce.notebooks import root

    known = parts()
    if part not in known:
        raise ScaffoldError(f"there is no part {part!r}; parts are: {', '.join(known)}")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise ScaffoldError(f"slug {slug!r} must be small letters and digits, joined by single hyphens")
    for other in known.values():
        if slug in {c.slug for c in other.chapters}:
            raise ScaffoldError(f"chapter {slug!r} already stands in part {other.id!r}")
        if other.id != part and slug in {p.slug for p in other.planned}:
            raise ScaffoldError(f"paper {slug!r} is planned in part {other.id!r}")
    notebooks = root()
    notebook = notebooks / part / f"{slug}.ipynb"
    if notebook.exists():
        raise ScaffoldError(f"notebook {notebook.name} is already there")
    planned = {p.slug: p for p in known[part].planned}
    paper = planned.get(slug) or Planned(slug=slug, title=f"{TODO} title", authors=[f"{TODO} name"], year=2000)
    catalogue = load.FOLDER / f"{part}.yml"
    text = _add_entry(catalogue.read_text(encoding="utf-8"), paper)
    references = notebooks.parent / "book" / "references.bib"

    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(_notebook(paper), encoding="utf-8")
    catalogue.write_text(text, encoding="utf-8")
    parts.cache_clear()
    made = [notebook, catalogue]
    if references.is_file() and f"{{{slug}," not in references.read_text(encoding="utf-8"):
        with references.open("a", encoding="utf-8") as file:
            file.write(_reference(paper))
        made.append(references)
    wrong = notebooks.parent / "tests" / "notebooks" / "wrong_answers" / f"{slug}.py"
    if wrong.parent.is_dir() and not wrong.exists():
        wrong.write_text(_WRONG.replace("SLUG", slug), encoding="utf-8")
        made.append(wrong)
    return made


def _add_entry(text: str, paper: Planned) -> str:
    """The catalogue file with the paper moved from the planned ones to the chapters."""
    text = re.sub(rf"^  - \{{slug: {re.escape(paper.slug)},.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^planned:\n(?=\n|\Z)", "planned: []\n", text, flags=re.MULTILINE)
    entry = {
        **paper.model_dump(exclude_defaults=True),
        "question": f"{TODO} What does this paper ask?",
        "idea": f"{TODO} The idea in two or three sentences.",
        "claims": [
            {
                "id": "first-claim",
                "says": f"{TODO} What the paper says, with its number.",
                "place": f"{TODO} section or figure",
                "quantity": f"{TODO} what one seed contributes",
                "unit": "share",
                "bound": {"above": 0.4},
            }
        ],
        "data": [f"{TODO} data"],
        "seconds": 5.0,
        "tags": ["todo"],
        "difficulty": "introductory",
    }
    Chapter.model_validate(entry)
    block = yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=110)
    block = "".join(f"  {line}\n" for line in block.splitlines())
    if re.search(r"^chapters: \[\]\s*\Z", text, flags=re.MULTILINE):
        return re.sub(r"^chapters: \[\]\s*\Z", "chapters:\n" + block.replace("\\", r"\\"), text, flags=re.MULTILINE)
    return text.rstrip("\n") + "\n" + block


def _reference(paper: Planned) -> str:
    fields = {
        "title": f"{{{paper.title}}}",
        "author": " and ".join(paper.authors),
        "year": str(paper.year),
        "eprint": paper.arxiv,
        "archiveprefix": "arXiv" if paper.arxiv else None,
        "doi": paper.doi,
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"\n@misc{{{paper.slug},\n" + ",\n".join(lines) + "\n}\n"


def _notebook(paper: Planned) -> str:
    """A notebook of the right form around an example that runs."""
    import nbformat
    from nbformat import v4

    from toolkit.reproduce.notebooks import METADATA

    notebook = v4.new_notebook(metadata=METADATA)
    grading = {"schema_version": 3, "task": False, "cell_type": "code"}

    def solution(name: str) -> dict:
        return {"nbgrader": grading | {"grade_id": name, "solution": True, "grade": False, "locked": False}}

    def tests(name: str) -> dict:
        mark = {"grade_id": f"{name}-tests", "solution": False, "grade": True, "locked": True, "points": 1}
        return {"nbgrader": grading | mark}

    kinds = {
        "parameters": {"tags": ["parameters"], "assignment": {"size": 100}},
        "checked": {"tags": ["nbval-check-output"]},
        "method": solution("draw-uniform"),
        "method tests": tests("draw-uniform"),
        "solution": solution("mean"),
        "tests": tests("mean"),
    }
    for number, (kind, source) in enumerate(_CELLS):
        source = source.replace("SLUG", paper.slug).replace("TITLE", paper.title).strip("\n")
        make = v4.new_markdown_cell if kind == "text" else v4.new_code_cell
        cell = make(source, metadata=kinds.get(kind, {}))
        cell["id"] = f"cell-{number:02d}"
        notebook.cells.append(cell)
    return nbformat.writes(notebook) + "\n"


_CELLS = [
    ("text", "# TITLE\n\nTODO Two or three sentences: what is surprising here, and what this chapter does."),
    ("code", 'import toolkit\n\npaper = toolkit.paper("SLUG")\npaper'),
    ("text", "TODO What the parameters mean."),
    (
        "parameters",
        'profile = "quick"  # or "full"\nseeds = 5  # members\nseed = 0  # base seed\n'
        'device = "auto"  # or "cpu", "cuda"\nsize = 1000  # TODO a number that matters in this paper',
    ),
    ("text", "## The idea\n\nTODO Half a page: intuition, the key equation with every symbol defined, what to expect."),
    ("text", "## The method\n\nTODO The algorithm as readable code."),
    (
        "method",
        "import torch\n\nfrom toolkit import plots\nfrom toolkit.training import resolve_device\n\n"
        "device = resolve_device(device)\n"
        'settings = {"quick": {"size": size}, "full": {"size": 100 * size}}[profile]\n\n\n'
        "def draw_uniform(seed):\n"
        '    """Uniform numbers in [0, 1) from a generator of their own."""\n    ### BEGIN SOLUTION\n'
        "    generator = torch.Generator().manual_seed(seed)\n"
        '    return torch.rand(settings["size"], generator=generator).to(device)\n    ### END SOLUTION',
    ),
    ("text", "## The experiment\n\nTODO What is run; every result keeps its seed axis."),
    ("code", "numbers = torch.stack([draw_uniform(seed + k) for k in range(seeds)])  # [seeds, size]"),
    ("text", "## What we see\n\nTODO What to look for."),
    (
        "code",
        "figure, axes = plots.figure(height=2.6)\n"
        'axes.hist(numbers.flatten().cpu(), bins=20, color=plots.COLOURS["blue"])\n'
        'axes.set(xlabel="value", ylabel="count")\n'
        'plots.show(figure, caption="TODO What is drawn.", alt="TODO What the picture shows.")',
    ),
    ("text", "TODO What was seen, with the numbers of the stored run."),
    ("text", "## Paper and measurement\n\nTODO How the values are made."),
    ("code", 'paper.check("first-claim", numbers.mean(1))'),
    ("text", "The paper's words beside what we measured."),
    ("code", "paper.report(device=device)"),
    ("text", "TODO What the verdicts mean."),
    ("checked", "print(paper.verdicts())"),
    ("text", "## Explore\n\nTODO What to turn and what to look for."),
    (
        "code",
        'def draw(bins):\n    """Histogram of the numbers."""\n    figure, axes = plots.figure(height=2.6)\n'
        '    axes.hist(numbers.flatten().cpu(), bins=bins, color=plots.COLOURS["blue"])\n'
        '    axes.set(xlabel="value", ylabel="count")\n    return figure\n\n\n'
        "toolkit.explore(draw, bins=[5, 10, 20, 40])",
    ),
    (
        "text",
        "## Exercises\n\n**The method (1 point).** In the assignment made from this chapter the body of "
        "`draw_uniform` above is left out, and you write it. These tests check it.",
    ),
    (
        "method tests",
        'assert draw_uniform(3).shape == (settings["size"],), "as many numbers as the settings say"\n'
        '### BEGIN HIDDEN TESTS\nassert (draw_uniform(3) == draw_uniform(3)).all(), "the same seed, the same numbers"\n'
        "assert (draw_uniform(3) != draw_uniform(4)).any()\n### END HIDDEN TESTS",
    ),
    ("text", "**1. TODO (1 point).** Write `mean(values)`: the mean of a list of numbers."),
    (
        "solution",
        'def mean(values):\n    """Mean of a list of numbers."""\n    ### BEGIN SOLUTION\n'
        "    return sum(values) / len(values)\n    ### END SOLUTION",
    ),
    (
        "tests",
        'assert mean([1, 2, 3]) == 2, "the mean of 1, 2, 3 is 2"\n### BEGIN HIDDEN TESTS\n'
        "assert mean([5]) == 5\n### END HIDDEN TESTS",
    ),
    (
        "text",
        "## Limits and further reading\n\nTODO What differs from the paper, what did not reproduce and why, pointers.",
    ),
]

_WRONG = '''"""Plausible wrong answers to the exercises of the chapter ``SLUG``; each must fail its tests."""

WRONG = {
    "draw-uniform": [
        # a generator without the seed
        """
def draw_uniform(seed):
    return torch.rand(settings["size"], generator=torch.Generator()).to(device)
""",
        # one number too few
        """
def draw_uniform(seed):
    return torch.rand(settings["size"] - 1, generator=torch.Generator().manual_seed(seed)).to(device)
""",
    ],
    "mean": [
        # divides by one less
        "def mean(values):\\n    return sum(values) / (len(values) - 1)",
        # the largest value
        "def mean(values):\\n    return max(values)",
    ],
}
'''
