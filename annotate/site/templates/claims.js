// The list of claims beside a text: what is shown in the text stands out in the list, and what is filtered out of the
// list does so in the text as well.
"use strict";
(() => {
  const cards = [...document.querySelectorAll("li.claim")];
  const cardsOf = new Map(cards.map((card) => [card.dataset.shows, []]));
  for (const card of cards) cardsOf.get(card.dataset.shows).push(card);
  const triggers = [...document.querySelectorAll("mark.event[data-mark]")].map((piece) => [piece, cardsOf.get(piece.dataset.mark) ?? []]);
  const references = [...document.querySelectorAll("a.reference")].map((link) => [link, document.getElementById(link.hash.slice(1))]);
  const articles = [...document.querySelectorAll("article")].map((article) => ({
    cards: [...article.querySelectorAll("li.claim")],
    counts: document.querySelectorAll(`[data-count="${article.id}"]`),
    none: article.querySelector(".none"),
    line: document.getElementById(`contents-${article.id}`),
  }));

  document.addEventListener("filtered", () => {
    for (const [piece, of] of triggers) piece.classList.toggle("filtered", of.length > 0 && of.every((card) => card.hidden));
    for (const [link, card] of references) link.hidden = card.hidden;
    for (const { cards, counts, none, line } of articles) {
      const left = cards.filter((card) => !card.hidden).length;
      for (const count of counts) count.textContent = left === cards.length ? left : `${left} of ${cards.length}`;
      none.hidden = left > 0;
      line?.classList.toggle("empty", left === 0);
    }
  });

  // Brings the card into sight, where its list has a bar of its own: the text beside it stays. Whether it has one.
  function bring(card) {
    const list = card.closest(".claims");
    if (getComputedStyle(list).overflowY !== "auto") return false;
    const above = card.offsetTop - list.scrollTop;
    const below = above + card.offsetHeight - list.clientHeight + document.getElementById("told").offsetHeight;
    if (above < 0) list.scrollTop += above;
    else if (below > 0) list.scrollTop += Math.min(below, above);
    return true;
  }

  document.addEventListener("shown", ({ detail }) => {
    for (const card of document.querySelectorAll("li.claim.current")) card.classList.remove("current");
    const now = (cardsOf.get(detail) ?? []).filter((card) => !card.hidden);
    for (const card of now) card.classList.add("current");
    if (now.length && !now.some((card) => card.matches(":hover, :focus-within"))) bring(now[0]);
  });

  // Arrows lead from card to card.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const card = event.target.closest?.("li.claim");
    if (!step || !card) return;
    event.preventDefault();
    let next = card;
    do next = step > 0 ? next.nextElementSibling : next.previousElementSibling; while (next?.hidden);
    next?.querySelector("a.words").focus();
  });

  // A text is one stop of the Tab key: Enter at a mark does what its number does.
  for (const [link] of references) link.tabIndex = -1;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.("mark")) return;
    event.target.querySelector("a.reference:not([hidden])")?.click();
  });
  document.addEventListener("click", (event) => {
    const card = event.target.matches?.("a.reference") && document.getElementById(event.target.hash.slice(1));
    if (!card) return;
    if (bring(card)) event.preventDefault();
    requestAnimationFrame(() => card.querySelector("a.words").focus({ preventScroll: true }));
  });
})();
