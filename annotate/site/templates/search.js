// Pages that have every word of the query; the last word may be unfinished. Those with the words in the title come first.
"use strict";
(() => {
  const { pages, words } = window.acreIndex;
  const all = Object.keys(words);
  const input = document.getElementById("q");
  const split = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").match(/[\p{L}\p{N}]+/gu) ?? [];

  function having(word, unfinished) {
    const found = new Set(Object.hasOwn(words, word) ? words[word] : []);
    if (unfinished) for (const other of all) if (other.startsWith(word)) for (const page of words[other]) found.add(page);
    return found;
  }

  function search(query) {
    const asked = split(query);
    if (!asked.length) return null;
    const sets = asked.map((word, place) => having(word, place === asked.length - 1));
    const found = [...sets[0]].filter((page) => sets.every((set) => set.has(page)));
    const inTitle = (page) => asked.filter((word) => split(pages[page][1]).some((other) => other.startsWith(word))).length;
    return found.sort((one, other) => inTitle(other) - inTitle(one) || one - other);
  }

  function show() {
    const found = search(input.value);
    const hits = document.getElementById("hits");
    document.getElementById("found").textContent =
      found === null ? "Type a word above." : `${found.length} ${found.length === 1 ? "page" : "pages"}`;
    hits.replaceChildren(...(found ?? []).slice(0, 200).map((page) => {
      const [kind, title, address, about] = pages[page];
      const link = document.createElement("a");
      link.href = address;
      link.dir = "auto";
      link.textContent = title;
      const rest = document.createElement("span");
      rest.className = "kind";
      rest.textContent = about ? ` ${kind} · ${about}` : ` ${kind}`;
      const line = document.createElement("li");
      line.append(link, rest);
      return line;
    }));
  }

  input.value = new URLSearchParams(location.search).get("q") ?? "";
  input.addEventListener("input", () => {
    history.replaceState(null, "", `${location.pathname}?${new URLSearchParams({ q: input.value })}`);
    show();
  });
  input.form.addEventListener("submit", (event) => event.preventDefault());
  show();
  input.focus();
})();
