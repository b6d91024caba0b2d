// Filters and sorts the rows of a table; what is chosen stands in the address, so that it can be sent and gone back to.
"use strict";
(() => {
  const matches = {
    words: (row, value) => value.toLowerCase().split(/\s+/).every((word) => row.dataset.words.includes(word)),
    event: (row, value) => row.dataset.event.split(" ").includes(value),
    from: (row, value) => row.dataset.published >= value,
    to: (row, value) => row.dataset.published !== "" && row.dataset.published <= value,
    least: (row, value) => row.dataset.least !== "" && Number(row.dataset.least) >= Number(value),
  };

  function filter(form) {
    const rows = [...document.getElementById(form.dataset.table).tBodies[0].rows];
    const given = [...new FormData(form)].filter(([, value]) => value.trim() !== "");
    for (const row of rows) {
      row.hidden = !given.every(([name, value]) => (matches[name] ?? ((of, chosen) => of.dataset[name] === chosen))(row, value.trim()));
    }
    const left = rows.filter((row) => !row.hidden).length;
    form.querySelector("output").value = left === rows.length ? `${left} rows` : `${left} of ${rows.length} rows`;
    return given;
  }

  for (const form of document.querySelectorAll("form.filters")) {
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (form.elements[name]) form.elements[name].value = value;
    }
    filter(form);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      const given = filter(form);
      const query = new URLSearchParams(given).toString();
      history.replaceState(null, "", location.pathname + (query ? `?${query}` : "") + location.hash);
    });
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
