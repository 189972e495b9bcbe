"""The form of a catalogue entry. One YAML file per part; every field is checked when the file is read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]
ArxivId = Annotated[str, StringConstraints(pattern=r"^(\d{4}\.\d{4,5}|[a-z-]+/\d{7})$")]
Verdict = Literal["reproduced", "in doubt", "not reproduced"]


class UnknownName(KeyError):
    """A name that is not there; the message says which names are."""

    def __str__(self) -> str:
        return str(self.args[0])


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bound(Entry):
    """The claimed side: above a number, below a number, or between the two."""

    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _has_a_side(self):
        if self.above is None and self.below is None:
            raise ValueError("give 'above', 'below' or both")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"'above' ({self.above}) must be smaller than 'below' ({self.below})")
        return self

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies on the claimed side. The bound itself does not count as inside."""
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)

    def __str__(self) -> str:
        if self.above is None:
            return f"< {self.below:g}"
        if self.below is None:
            return f"> {self.above:g}"
        return f"between {self.above:g} and {self.below:g}"


class Claim(Entry):
    """One checkable statement of a paper, with the bound fixed before the experiment is tuned."""

    id: Slug
    says: Text  # the paper's statement in our words, with its number
    place: Text  # where the paper says it
    paper_value: float | None = None  # the paper's own number for the measured quantity, where there is one
    quantity: Text  # what one seed contributes
    unit: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    bound: Bound
    interval: Literal["t", "bootstrap"] = "t"
    deterministic: bool = False  # one value is enough: the quantity does not depend on a seed
    expected: Verdict = "reproduced"
    reason: Text | None = None  # why another verdict than "reproduced" is expected

    @model_validator(mode="after")
    def _reason_for_failure(self):
        if self.expected != "reproduced" and self.reason is None:
            raise ValueError(f"expected verdict {self.expected!r} needs a 'reason'")
        if self.expected == "reproduced" and self.reason is not None:
            raise ValueError("'reason' belongs to a claim that is not expected to reproduce")
        return self


class Planned(Entry):
    """A paper that has no chapter yet."""

    slug: Slug
    title: Text
    authors: Annotated[list[Name], Field(min_length=1)]  # family names; "others" closes a shortened list
    year: Annotated[int, Field(ge=1900, le=2100)]
    arxiv: ArxivId | None = None
    doi: Text | None = None
    full_data: list[Name] = []  # data sets of toolkit.data.registry, or members of one, that the full profile uses

    @property
    def link(self) -> str | None:
        """Where the paper can be read."""
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}"
        return f"https://doi.org/{self.doi}" if self.doi else None

    @property
    def citation(self) -> str:
        """Authors and year, as one would say them."""
        names = self.authors
        if len(names) > 3 or names[-1] == "others":
            return f"{names[0]} et al. ({self.year})"
        joined = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
        return f"{joined} ({self.year})"


class Chapter(Planned):
    """A paper with its chapter: the question, the idea and the claims that the notebook tests."""

    question: Text
    idea: Text
    claims: Annotated[list[Claim], Field(min_length=1)]
    data: Annotated[list[Text], Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0)]  # of the default run on two cores
    tags: Annotated[list[Slug], Field(min_length=1)]
    difficulty: Literal["introductory", "intermediate", "advanced"]

    @model_validator(mode="after")
    def _claim_ids_differ(self):
        ids = [claim.id for claim in self.claims]
        twice = {name for name in ids if ids.count(name) > 1}
        if twice:
            raise ValueError(f"claim id used twice: {', '.join(sorted(twice))}")
        return self

    def claim(self, claim_id: str) -> Claim:
        """The claim with this id. Raises ``UnknownName`` naming the ids there are."""
        for claim in self.claims:
            if claim.id == claim_id:
                return claim
        known = ", ".join(claim.id for claim in self.claims)
        raise UnknownName(f"chapter {self.slug!r} has no claim {claim_id!r}; it has: {known}")


class Part(Entry):
    """A group of chapters."""

    id: Slug
    number: Annotated[int, Field(ge=1)]  # its place in the reading order
    title: Text
    summary: Text
    planned: list[Planned] = []
    chapters: list[Chapter] = []
