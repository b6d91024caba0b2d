// What a mark says when it is pointed at, focused or chosen; the marks that are linked to it stand out.
"use strict";
(() => {
  const marks = JSON.parse(document.getElementById("marks").textContent);
  const told = document.getElementById("told");
  const pieces = (id) => document.querySelectorAll(`mark[data-mark="${CSS.escape(id)}"]`);
  let shown = null, held = null;

  const element = (name, ...children) => {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  };
  const short = (words) => (words.length > 90 ? words.slice(0, 89) + "…" : words);
  const spaced = (name) => name.replaceAll("_", " ");

  function lines(mark, id) {
    const found = mark.answers.map(([name, value]) => [spaced(name), spaced(value)]);
    for (const [role, other] of mark.links) found.push([spaced(role), short(marks[other].words)]);
    for (const [role, other] of mark.from ?? []) found.push([`${spaced(role)} of`, short(marks[other].words)]);
    const same = (mark.same ?? []).filter((other) => other !== id).map((other) => short(marks[other].words));
    if (same.length) found.push(["the same as", [...new Set(same)].join(" · ")]);
    return found;
  }

  function clear() {
    for (const piece of document.querySelectorAll("mark.chosen, mark.linked")) {
      piece.classList.remove("chosen", "linked");
      delete piece.dataset.role;
    }
  }

  function link(id, role) {
    const all = [...pieces(id)];
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
    for (const [name, value] of lines(mark, id)) list.append(element("dt", name), element("dd", element("bdi", value)));
    told.replaceChildren(element("p", label, " ", words), list);
  }

  const markAt = (target) => target.closest?.("mark")?.dataset.mark;
  for (const text of document.querySelectorAll(".text")) {
    text.addEventListener("pointerover", (event) => held === null && markAt(event.target) && show(markAt(event.target)));
    text.addEventListener("click", (event) => {
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
  for (const box of document.querySelectorAll("fieldset.legend input")) {
    box.addEventListener("change", () => {
      for (const piece of document.querySelectorAll(`mark.${box.value}`)) piece.classList.toggle("off", !box.checked);
    });
  }
  const arrive = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (marks[id]) show(id);
  };
  addEventListener("hashchange", arrive);
  arrive();
})();
