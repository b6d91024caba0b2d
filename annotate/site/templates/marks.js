// What a mark says when it is pointed at, focused or chosen; the marks that are linked to it stand out.
"use strict";
(() => {
  const marks = JSON.parse(document.getElementById("marks").textContent);
  const glosses = JSON.parse(document.getElementById("glosses")?.textContent ?? '{"roles": {}, "answers": {}}');
  const told = document.getElementById("told");
  // Once, and not with a search of the page for each mark: of thirty articles that takes seconds.
  const piecesOf = new Map();
  for (const piece of document.querySelectorAll("mark[data-mark]")) {
    const id = piece.dataset.mark;
    if (!piecesOf.has(id)) piecesOf.set(id, []);
    piecesOf.get(id).push(piece);
  }
  const pieces = (id) => piecesOf.get(id) ?? [];
  let shown = null, held = null;

  const element = (name, ...children) => {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  };
  const short = (words) => (words.length > 90 ? words.slice(0, 89) + "…" : words);
  const spaced = (name) => name.replaceAll("_", " ");

  // A role in words, where the page has them: “who fired”.
  const gloss = (mark, role) => glosses.roles[mark.label]?.[role];

  function lines(mark, id) {
    const found = mark.answers.map(([name, value]) => [glosses.answers[name] ?? spaced(name), spaced(value)]);
    for (const [role, other] of mark.links) found.push([gloss(mark, role) ?? spaced(role), short(marks[other].words)]);
    for (const [role, other] of mark.from ?? []) {
      const words = gloss(marks[other], role), from = short(marks[other].words);
      found.push(words ? [`${spaced(marks[other].label)} “${from}”`, words] : [`${spaced(role)} of`, from]);
    }
    const same = (mark.same ?? []).filter((other) => other !== id).map((other) => short(marks[other].words));
    if (same.length) found.push(["the same as", [...new Set(same)].join(" · ")]);
    const together = new Map();
    for (const [name, value] of found) together.set(name, [...(together.get(name) ?? []), value]);
    return together;
  }

  function clear() {
    for (const piece of document.querySelectorAll("mark.chosen, mark.linked")) {
      piece.classList.remove("chosen", "linked");
      delete piece.dataset.role;
    }
  }

  function link(id, role) {
    const all = pieces(id);
    for (const piece of all) piece.classList.add("linked");
    if (role && all.length) all[all.length - 1].dataset.role = spaced(role);
  }

  function show(id) {
    if (id === shown) return;
    clear();
    shown = id;
    const mark = marks[id];
    if (!mark) return;
    for (const [role, other] of mark.links) link(other, role);
    for (const [role, other] of mark.from ?? []) link(other, `${role} of`);
    for (const other of mark.same ?? []) if (other !== id) link(other, "");
    for (const piece of pieces(id)) piece.classList.add("chosen");
    const label = element("span", spaced(mark.label));
    label.className = `label label-${mark.label}`;
    const words = element("bdi", `“${short(mark.words)}”`);
    const list = element("dl");
    for (const [name, values] of lines(mark, id)) {
      list.append(element("div", element("dt", name), ...values.map((value) => element("dd", element("bdi", value)))));
    }
    told.replaceChildren(element("p", label, " ", words), list);
    document.dispatchEvent(new CustomEvent("shown", { detail: id }));
  }

  const markAt = (target) => target.closest?.("mark")?.dataset.mark;
  for (const text of document.querySelectorAll(".text")) {
    text.addEventListener("pointerover", (event) => held === null && markAt(event.target) && show(markAt(event.target)));
    text.addEventListener("click", (event) => {
      if (event.target.closest("a")) return;
      const id = markAt(event.target);
      held = id === held ? null : id ?? null;
      if (id) show(id);
    });
    text.addEventListener("focusin", (event) => markAt(event.target) && show(markAt(event.target)));
    // One stop of the Tab key, and arrows from mark to mark.
    const all = [...text.querySelectorAll("mark[id]")];
    if (all.length) all[0].tabIndex = 0;
    text.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const place = all.indexOf(document.activeElement);
      if (!step || place < 0) return;
      event.preventDefault();
      let next = place + step;
      while (all[next]?.classList.contains("off")) next += step;
      if (!all[next]) return;
      all[place].tabIndex = -1;
      all[next].tabIndex = 0;
      all[next].focus();
    });
  }
  for (const box of document.querySelectorAll(".legend input")) {
    box.hidden = false;
    box.addEventListener("change", () => {
      for (const piece of document.querySelectorAll(`mark.${box.value}`)) piece.classList.toggle("off", !box.checked);
    });
  }
  // A row somewhere else on the page, about a mark.
  for (const name of ["pointerover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const row = event.target.closest?.("[data-shows]");
      if (row && held === null) show(row.dataset.shows);
    });
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      held = shown = null;
      clear();
      told.replaceChildren();
    }
  });
  const arrive = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (marks[id]) show(id);
  };
  addEventListener("hashchange", arrive);
  arrive();
})();
