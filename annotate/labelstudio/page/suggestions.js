// Suggestions look like suggestions, with an outline and how sure the extractor was, until somebody keeps, changes or
// throws away each: Enter keeps the selected one, Backspace throws it away, and both go on to the next.
function suggestions() {
  const style = document.createElement('style');
  let opened = null, first = new Map(), drawn = '';

  // How one looks: without it, whatever the label's colour, it would be taken for a mark of one's own.
  const rule = ({ className, colour, score }) => {
    const mark = `.acre-text .${className}`;
    const sure = score === null ? '?' : `${Math.round(score * 100)} %`;
    return `${mark}:not(.__active) { background-color: transparent !important; }
      ${mark} { outline: 1px dashed ${colour}; outline-offset: -1px; }
      ${mark}[data-label]::after { content: attr(data-label) " ${sure}" !important; }`;
  };

  // Those that nobody touched, in the order of the text. Label Studio notes where a mark came from, and not that it was
  // relabelled, answered or linked.
  const untouched = (annotation) => {
    const offered = studioB.offered(annotation);
    for (const found of offered) if (!first.has(found.id)) first.set(found.id, found.state);
    for (const found of offered.filter(({ id, state }) => first.get(id) !== state)) studioB.own(annotation, found.id);
    return offered.filter(({ id, state }) => first.get(id) === state).sort((one, other) => one.start - other.start || other.end - one.end);
  };

  const tell = () => {
    const annotation = studioB.annotation();
    if (annotation !== opened) { opened = annotation; first = new Map(); }
    const left = annotation ? untouched(annotation) : [];
    const rules = left.map(rule).join('\n');
    if (rules !== drawn) { drawn = rules; style.textContent = rules; document.head.append(style); }
    if (!left.length) { notices.hide('suggestions'); return; }
    notices.show('suggestions', `Suggestions that nobody looked at: ${left.length}. Enter keeps one and goes on, Backspace throws it away.`);
  };

  // The next after that place, or the first of all.
  const goOn = (annotation, start, end) => {
    const left = untouched(annotation);
    const next = left.find((found) => found.start > start || (found.start === start && found.end < end)) ?? left[0];
    if (next) studioB.select(annotation, next.id);
    tell();
  };
  window.addEventListener('keydown', (event) => {
    const annotation = studioB.annotation();
    const isElsewhere = event.target.closest?.('input, textarea, select, [contenteditable], button, a[href], [role=dialog]');
    if (!annotation || isElsewhere || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (!['Enter', 'Backspace', 'Delete'].includes(event.key)) return;
    const left = untouched(annotation), selected = studioB.selected(annotation);
    const at = left.find(({ id }) => id === selected?.id);
    if (event.key === 'Enter' && left.length) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (at) studioB.own(annotation, at.id);
      goOn(annotation, selected?.start ?? -1, selected?.end ?? 0);
    } else if (at) {
      setTimeout(() => goOn(annotation, at.start, at.end)); // Label Studio deletes it first
    }
  }, true);

  let due = null;
  const later = () => { clearTimeout(due); due = setTimeout(tell, 300); };
  for (const kind of ['keyup', 'pointerup', 'input']) window.addEventListener(kind, later, true);
  setInterval(() => { if (studioB.annotation() !== opened) tell(); }, 500);
}
