"""What an extractor reads in articles of no corpus: one page that needs nothing else, or columns of words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from annotate.extract import extractors
from annotate.extract import labels as labels_
from annotate.extract.extractors import Extractor
from annotate.model.records import Annotation, Article
from annotate.model.schema import Schema
from annotate.site import documents, joining, pages, sayings, signs, stories, text
from annotate.site.documents import DrawnZone
from annotate.site.sayings import Saying
from annotate.site.signs import Sign
from annotate.site.stories import Matrix, Told, TollAxis

_PLACE = "place"
"""The role by which labels of places are known."""


class _Claim(NamedTuple):
    """A claim in the list beside the text."""

    number: int
    """From 1, in the order of the text, where it stands behind the event's words."""
    saying: Saying
    sign: Sign
    """That of all claims alike, by which it is chosen as well."""
    chosen_by: dict[str, list[str]]
    """By filter, the choices that keep the claim in the list."""


class _Read(NamedTuple):
    """An article as the page shows it."""

    article: Article
    url: str | None
    """Where it was published; None where that is no address of the web."""
    zones: Sequence[DrawnZone]
    claims: Sequence[_Claim]
    tally: Sequence[tuple[Sign, int]]
    matrix: Matrix | None
    """What several sources in it say of one event."""
    axes: Sequence[TollAxis]


def render(
    read: Sequence[tuple[Article, Annotation]],
    extractor: Extractor,
    schema: Schema,
    as_story: bool = False,
) -> str:
    """The page as HTML; `as_story`, with the events that the articles seem to share, and what each source says of them.

    Which events are the same across articles is guessed (`joining.guess`), and the page says so.
    """
    shown: list[_Read] = []
    details: dict[str, Any] = {}
    told: dict[str, Told] = {}
    choices = _Choices(schema)
    for number, (article, annotation) in enumerate(read, 1):
        # A short name of its own: ids stand in each link, and one article may be given twice.
        name = f"a{number}"
        article = article.model_copy(update={"id": name})
        annotation = annotation.model_copy(update={"article": name})
        of = extractors.document(article, annotation)
        said = sayings.sayings(of, schema)
        events = stories.told_by_several(annotation, said)
        claims = [
            _Claim(place, each, signs.load().alike(each.sign), choices.of(each))
            for place, each in enumerate(said, 1)
        ]
        shown.append(
            _Read(
                article,
                _address(article.url),
                documents.zones(of, f"{name}-", behind=_references(name, claims)),
                claims,
                signs.tally(saying.sign for saying in said),
                stories.matrix(events, {name: said}) if events else None,
                stories.toll_axes(said, schema),
            )
        )
        details |= text.details(annotation, of.words, f"{name}-")
        published = article.published.isoformat() if article.published else None
        told[name] = Told(article.title, article.outlet, published, said)
    joins = joining.guess({name: each.sayings for name, each in told.items()}) if as_story else []
    story = stories.story("story", told, [join.event for join in joins], schema)
    return pages.render_alone(
        "extracted.html.jinja",
        schema,
        ("marks.js", "list.js", "claims.js"),
        read=shown,
        choices=choices.offered(),
        extractor=extractor,
        details=details,
        glosses={"roles": _roles_in_words(schema), "answers": signs.load().answers},
        kinds=signs.load().kinds,
        story=story if as_story else None,
        joins=joins,
        link=pages.on_one_page,
    )


class _Choices:
    """What the claims can be filtered by; a choice that is written in two ways is one, as *The army* and *the army*."""

    def __init__(self, schema: Schema) -> None:
        self._places = _labels_of_places(schema)
        self._written: dict[str, dict[str, Counter[str]]] = defaultdict(dict)

    def of(self, saying: Saying) -> dict[str, list[str]]:
        """By filter, the choices that keep the claim."""
        places = []
        for role, fillers in saying.roles.items():
            places += [
                filler.text or ""
                for filler in fillers
                if role == _PLACE or filler.label in self._places
            ]
        words = {
            "source": [saying.speaker],
            "event": [pages.spaced(saying.label)],
            "stance": [signs.load().alike(saying.sign).words],
            "place": places,
        }
        return {
            name: list(dict.fromkeys(self._choice(name, each) for each in of_name))
            for name, of_name in words.items()
        }

    def _choice(self, name: str, words: str) -> str:
        choice = sayings.same_words(words)
        self._written[name].setdefault(choice, Counter())[" ".join(words.split())] += 1
        return choice

    def offered(self) -> dict[str, dict[str, str]]:
        """By filter, each choice as it is written most, those of most claims first."""
        return {
            name: {
                choice: written.most_common(1)[0][0]
                for choice, written in sorted(
                    of_name.items(), key=lambda entry: (-entry[1].total(), entry[0])
                )
            }
            for name, of_name in self._written.items()
            if len(of_name) > 1
        }


def _labels_of_places(schema: Schema) -> frozenset[str]:
    """The labels of mentions that can say where an event happened; none where a schema allows all of them there."""
    labels = frozenset[str]().union(*(schema.fillers(event, _PLACE) for event in schema.events))
    return labels if labels < set(schema.mentions) else frozenset()


def _references(document: str, claims: Iterable[_Claim]) -> dict[str, Markup]:
    """By event mention, the numbers of its claims, each of which leads to the claim.

    The style sheet draws the number: it is no word of the text, and is neither copied nor searched with it.
    """
    numbers: dict[str, Markup] = defaultdict(Markup)
    link = Markup(
        '<a class="reference" href="#{0}-claim-{1}" data-number="{1}" aria-label="claim {1}"></a>'
    )
    for claim in claims:
        numbers[claim.saying.event] += link.format(document, claim.number)
    return numbers


def _roles_in_words(schema: Schema) -> dict[str, dict[str, str]]:
    """By event type and role, the role in words: *who fired*."""
    return {
        name: {role: frame.gloss for role, frame in event.roles.items()}
        for name, event in schema.events.items()
    }


def _address(url: str | None) -> str | None:
    return url if url and url.startswith(("http://", "https://")) else None


def claim_text(row: dict[str, Any], schema: Schema) -> dict[str, str]:
    """A claim in words, column by column: who says it how, what happened, and what fills its roles."""
    labels = labels_.load(schema)
    realis = row[labels.realis.attribute]
    return {
        "source": row["source"] or ("somebody" if row["voice"] == "source" else "the article"),
        "stance": "only mentioned" if row["mentioned"] else row[labels.stance.attribute] or "",
        "event": (
            f"{row['label']} “{row['text']}”"
            + ("" if realis == labels.realis.actual else f" ({realis})")
        ),
        "who and what": "; ".join(
            f"{role}: {_words(row[role])}" for role in schema.roles if row.get(role)
        ),
    }


def _words(fillers: Sequence[dict[str, Any]]) -> str:
    return ", ".join(filler["text"] for filler in fillers)
