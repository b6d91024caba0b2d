"""Lines that a page drags along: what stands in nobody's article, told by their words."""

from __future__ import annotations

import re

_SERVICES = (
    r"(?:facebook|twitter|x|linkedin|whats"
    r" ?app|telegram|e-?mail|reddit|pinterest|instagram|threads|bluesky|"
    r"messenger)"
)
_SHARE = re.compile(
    rf"\W*(?:(?:share|tweet|e-?mail|print|save|pin|copy link|link copied|{_SERVICES})(?: this(?:"
    r" \w+)?| article|"
    rf" story| page)?\W*)+$"
    rf"|\W*(?:share|post|send|follow|like|find|connect with) (?:this|it|us|our|on|via|by|"
    rf"to)\b[^.]{{0,60}}\b{_SERVICES}\b.{{0,60}}$"
    r"|\W*share (?:this|on|via|with)\b.{0,40}$|\W*[\d.,]+ ?[km]? shares?\W*$|\W*copy(?:ing)? (?:the"
    r" )?link\b.{0,40}$",
    re.IGNORECASE,
)
_FOLLOW_US = re.compile(
    rf"\W*(?:follow|like|find|join)\b[^.]{{1,60}}\b(?:on|via)\b[^.]{{0,40}}\b{_SERVICES}\b[^.]{{0,30}}\W*$",
    re.IGNORECASE,
)
_SUPPORT = re.compile(
    r"\W*(?:support (?:us|our|independent|quality)|donate|become a (?:member|supporter|subscriber)|"
    r"download (?:the|our)\b[^.]{0,30}\bapp)\b",
    re.IGNORECASE,
)
_INVITATION = re.compile(
    r"\W*(?:please |click here to |you can )?(?:sign up|subscribe|register now|enter your"
    r" e-?mail|get (?:our|"
    r"the|all the|daily|breaking)"
    r"[^.]{0,80}(?:newsletter|inbox|e-?mail|alerts?))\b",
    re.IGNORECASE,
)
_NEWSLETTER = re.compile(
    r"\b(?:newsletters?|in your inbox|to your inbox|by signing up|privacy policy|terms of"
    r" (?:use|service))\b",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"\b(?:sign up|subscribe|newsletter|inbox|signing up|register)\b", re.IGNORECASE
)
_TO_READERS = re.compile(r"\b(?:you|your|our|us|we)\b", re.IGNORECASE)
_TOLD = re.compile(r"\b(?:said|says|told|asked|urged|warned|added|according to)\b")
_SPEECH = re.compile(rf"[“”\"«»]|{_TOLD.pattern}")
_SENTENCE_END = re.compile(r"[.!?…][”\"’')\]]*$")
_PAYWALL = re.compile(
    r"\W*(?:already|not(?: yet)?) an? (?:subscriber|member)\W*(?:$|\?.*)"
    r"|\W*(?:(?:log|sign) ?in|register|subscribe|create an? (?:free )?account|unlock)\b[^.]{0,60}"
    r"\b(?:to (?:continue|keep|read|view|access)|full access|now|here)\b.*"
    r"|\W*(?:log|sign) ?in\W*$"
    r"|\W*(?:this|the rest of this) (?:article|story|content)\b[^.]{0,40}"
    r"\b(?:subscribers?|members?)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_COMMENTS = re.compile(
    r"\W*(?:\d+ comments?|(?:leave|post|add|write) (?:a|your) (?:comment|reply)|comments?(?:"
    r" \(\d+\))?|"
    r"join the (?:conversation|discussion)"
    r"|(?:view|show|read|load|see) (?:all |more )?(?:\d+ )?comments|(?:you must be |"
    r"please )?log(?:ged)? ?in to (?:post a )?comment.{0,40}"
    r"|your email address will not be published.{0,80}|comments are closed)\W*$",
    re.IGNORECASE,
)
_ADVERTISEMENT = re.compile(
    r"\W*(?:advertisement|advertising|ad|sponsored(?: content)?|story continues below(?:"
    r" advertisement)?|"
    r"article continues (?:below|after)"
    r"[^.]{0,40}|continue reading(?: below)?|skip (?:advertisement|ad|to (?:main"
    r" )?content)|loading)\W*$",
    re.IGNORECASE,
)
_RELATED = re.compile(
    r"\W*(?:read|see|watch|listen|view|find out|learn)(?: \w+)? (?:more|also|next|now|here)\b"
    r"|\W*(?:also|must|further) (?:read|watch|see|reading)\b|\W*(?:more|related)(?:"
    r" (?:on|from|about|stories|"
    r"news|articles|coverage|"
    r"content|topics|links|reading|video|videos))+\b|\W*related\W*$|\W*(?:recommended|you (?:may|"
    r"might) (?:also )?(?:like|be interested)|"
    r"don['’]t miss|most (?:read|popular|viewed)|trending|top stories|in case you"
    r" missed|editors?['’]s? picks?|"
    r"what to read next|"
    r"up next|next (?:article|story)|previous (?:article|story))\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(
    r"[\[(]\s*(?:(?:also |please"
    r" )?(?:read|watch|see|click|subscribe|download|listen|follow|join|get|sign up|"
    r"register|buy|related|"
    r"more|check|view|visit)\b).*[\])]\.?$",
    re.IGNORECASE | re.DOTALL,
)
_CLOSING = re.compile(
    r"[\[(]\s*(?:(?:also |please )?(?:read|watch|see|click|listen|related|more|sign up|subscribe|"
    r"download))\b[^\[\]()]{3,160}[\])]\.?$",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"\W*(?:©|\(c\) ?(?:19|20)\d\d|copyright\W*(?:©|\(c\)|(?:by )?[^.]{0,60}(?:19|20)\d\d))|.*\ball"
    r" rights reserved\b"
    r"|.*\bmay not be (?:published|reproduced|republished)\b|.*\bwithout (?:the )?(?:prior|express|"
    r"written) (?:written )?permission\b",
    re.IGNORECASE | re.DOTALL,
)
_TRADES = (
    r"(?:reporter|correspondent|editor|writer|journalist|columnist|contributor|producer|photographer|"
    r"bureau chief|freelancer|"
    r"analyst|author|fellow|anchor|blogger|commentator)"
)
_BIOGRAPHY = re.compile(
    r"(?:[A-Z][\w.'’-]+ ){1,4}(?:is|was|has been|works"
    rf" as|covers|writes|reports)\b[^.]*\b{_TRADES}s?\b[^.]*"
    r"(?:\b(?:for|at|with|of|in|based|covering|who covers)\b).*",
    re.DOTALL,
)
_CONTRIBUTED = re.compile(
    r".*\bcontributed (?:to this|from|reporting|additional)\b.*|.*\badditional reporting\b.*"
    r"|.*\breport(?:ed|ing) (?:from|by)\b.{0,80};.*",
    re.IGNORECASE | re.DOTALL,
)
_FOLLOW = re.compile(
    r".*\b(?:follow|contact|reach|e-?mail) (?:him|her|them|me|the (?:author|writer|reporter))\b.*",
    re.IGNORECASE | re.DOTALL,
)
_HANDLE = re.compile(
    r"\W*(?:follow )?(?:[\w .'’-]{0,40} )?(?:on twitter:? )?@\w+\W*$|\W*follow [\w"
    r" .'’-]{0,40}@\w+.{0,30}$",
    re.IGNORECASE,
)


_PICTURE = re.compile(
    r"[(\[](?:photo(?:graph)?|picture|image|foto|bild|credit|file|crédit\w*|imag\w+)\s*(?:by|von|de|"
    r":)[^()\[\]]{2,60}[)\]]\.?$",
    re.IGNORECASE,
)
_SERVICE = re.compile(rf"\b{_SERVICES}\b", re.IGNORECASE)


def dropped(line: str, linked: float) -> str | None:
    """What a line is that no one would look for in an article, and that is left out; None for all others."""
    words = len(line.split())
    services = {service.lower() for service in _SERVICE.findall(line)}
    is_told = linked == 0 and bool(_TOLD.search(line))
    if words <= 16 and not is_told and (_SHARE.match(line) or _FOLLOW_US.match(line)):
        return "share line"
    if words <= 30 and len(services) >= 2 and linked > 0.1:
        return "share line"
    if _is_prompt(line, linked) and (words <= 25 or (words <= 60 and linked > 0)):
        return "newsletter prompt"
    if words <= 25 and _PAYWALL.match(line) and not _SPEECH.search(line):
        return "subscription prompt"
    if words <= 30 and _SUPPORT.match(line) and (linked > 0 or words <= 10):
        return "newsletter prompt"
    if words <= 16 and _COMMENTS.match(line):
        return "comments"
    if words <= 12 and _ADVERTISEMENT.match(line):
        return "advertisement"
    return None


def _is_prompt(line: str, linked: float) -> bool:
    """Whether a line asks its readers to subscribe; one that tells of a newsletter doesn't."""
    if not _PROMPT.search(line):
        return False
    if _INVITATION.match(line):
        return linked > 0 or not _TOLD.search(line)
    calls = bool(_TO_READERS.search(line)) or line.endswith("!")
    is_told = bool(_SPEECH.search(line)) or not calls
    if _SENTENCE_END.search(line) and is_told:
        return False
    return bool(_NEWSLETTER.search(line)) or linked > 0


def zone(line: str, linked: float, is_end: bool) -> str | None:
    """`related` or `credit`, where the words of a line say so; None for all others.

    `is_end`: no paragraph of the article follows, so that who wrote it may be told.
    """
    words = len(line.split())
    if words <= 40 and _BRACKETED.match(line):
        return "related"
    if words <= 30 and _RELATED.match(line) and (linked > 0.3 or words <= 5 or ":" in line):
        return "related"
    if words <= 60 and _COPYRIGHT.match(line):
        return "credit"
    if is_end and words <= 90 and _is_of_author(line):
        return "credit"
    if words <= 12 and _HANDLE.match(line):
        return "credit"
    return None


def _is_of_author(line: str) -> bool:
    """Whether a line says who wrote or helped to write: `Ana Ruiz is a reporter based in Lima.`"""
    return any(form.match(line) for form in (_BIOGRAPHY, _FOLLOW, _CONTRIBUTED))


def promo(line: str, linked: float) -> tuple[str, str]:
    """A paragraph without the link in brackets that closes it, and that link: `He left. [Read: Why he left]`."""
    closing = _CLOSING.search(line)
    if closing is None or closing.start() == 0 or linked * len(line) < len(closing[0]) / 3:
        return line, ""
    return line[: closing.start()].rstrip(), closing[0].strip()


def is_picture_line(line: str) -> bool:
    """Whether a line ends as a picture's caption does, with who took it: `(Photo: Courier)`, `(Foto: dpa)`."""
    return len(line.split()) <= 60 and bool(_PICTURE.search(line))


def is_heading_of_links(line: str) -> bool:
    """Whether a line announces headlines of other articles: `Read more`, `Related stories`."""
    return len(line.split()) <= 6 and bool(_RELATED.match(line))
