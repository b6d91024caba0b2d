// Filters rows, and sorts those of a table; what is chosen stands in the address, so that it can be sent and gone back to.
"use strict";
(() => {
  const matches = {
    words: (row, value) => value.toLowerCase().split(/\s+/).every((word) => row.dataset.words.includes(word)),
    from: (row, value) => row.dataset.published >= value,
    to: (row, value) => row.dataset.published !== "" && row.dataset.published <= value,
    least: (row, value) => row.dataset.least !== "" && Number(row.dataset.least) >= Number(value),
  };
  const values = (row, name) => (row.dataset[name] ?? "").split("\n");
  const has = (row, [name, value]) => (matches[name] ? matches[name](row, value) : values(row, name).includes(value));

  // Behind each choice, how many rows it would leave.
  function count(form, rows, given) {
    for (const select of form.querySelectorAll("select")) {
      const others = given.filter(([name]) => name !== select.name);
      const counts = new Map();
      for (const row of rows) {
        if (!others.every((other) => has(row, other))) continue;
        for (const value of values(row, select.name)) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      for (const option of select.options) {
        if (!option.value) continue;
        option.dataset.words ??= option.textContent;
        const left = counts.get(option.value) ?? 0;
        option.textContent = `${option.dataset.words} (${left})`;
        option.disabled = left === 0 && !option.selected;
      }
    }
  }

  function filter(form) {
    const rows = [...document.querySelectorAll(form.dataset.rows)];
    const given = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
    for (const row of rows) row.hidden = !given.every((each) => has(row, each));
    count(form, rows, given);
    const left = rows.filter((row) => !row.hidden).length;
    const noun = form.dataset.noun ?? "rows";
    form.querySelector("output").value = left === rows.length ? `${left} ${noun}` : `${left} of ${rows.length} ${noun}`;
    form.dispatchEvent(new Event("filtered", { bubbles: true }));
    return given;
  }

  function choose(form) {
    const query = new URLSearchParams(filter(form)).toString();
    history.replaceState(null, "", location.pathname + (query ? `?${query}` : "") + location.hash);
  }

  for (const form of document.querySelectorAll("form.filters")) {
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (form.elements[name]) form.elements[name].value = value;
    }
    form.hidden = false;
    filter(form);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => choose(form));
    form.addEventListener("reset", () => setTimeout(() => choose(form)));
  }

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim();
        const rows = [...table.tBodies[0].rows];
        rows.sort((one, other) => collator.compare(key(one), key(other)) * (down ? -1 : 1));
        table.tBodies[0].append(...rows);
      });
    });
  }
})();
