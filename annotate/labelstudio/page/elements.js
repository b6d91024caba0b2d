// Small helpers for what the page shows besides Label Studio's own.

/** An element with these properties and children. */
function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Words that fit a line. */
const short = (words, most = 40) => (words.length > most ? `${words.slice(0, most - 1).trimEnd()}…` : words);

/** Words in quotation marks, where they are told within a sentence. */
const quoted = (words) => `“${short(words)}”`;

/** Look a moment after anything was done on the page, and where Label Studio has done something later: it tells nobody
    of a change, and to look at hundreds of marks takes time. */
function watch(look, after = 300) {
  let due = null, seen = '';
  const later = () => { clearTimeout(due); due = setTimeout(look, after); };
  for (const type of ['keyup', 'pointerup', 'click', 'input']) window.addEventListener(type, later, true);
  setInterval(() => {
    const now = studio.state();
    if (now !== seen) { seen = now; look(); }
  }, 500);
}

/** Do it once the page has nothing else to do, or within a second. */
const whenIdle = (act) => (window.requestIdleCallback ?? setTimeout)(act, { timeout: 1000 });

/** A box over the page that is shown and hidden. */
function floating(className) {
  const box = element('div', { className, hidden: true });
  return {
    show: (...children) => { document.body.append(box); box.replaceChildren(...children); box.hidden = false; },
    hide: () => { box.hidden = true; },
    isOpen: () => !box.hidden,
    holds: (other) => box.contains(other),
    /** Beside a point, and inside the window. */
    at: (x, y) => {
      box.style.left = `${Math.max(4, Math.min(x, innerWidth - box.offsetWidth - 4))}px`;
      box.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - box.offsetHeight - 4))}px`;
    },
  };
}
