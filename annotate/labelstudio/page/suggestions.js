// Suggestions look like suggestions, with an outline and how sure the extractor was, until somebody keeps, changes or
// throws away each: Enter keeps the selected one, Backspace throws it away, and both go on to the next.
function makeSuggestions() {
  const style = element('style', {});
  let opened = null, first = new Map(), drawn = '';

  // How one looks: without it, whatever the label's colour, it would be taken for a mark of one's own.
  const rule = ({ id, colour, score }) => {
    const mark = studio.MARK(id);
    const sure = score === null ? '?' : `${Math.round(score * 100)} %`;
    return `${mark}:not(.__active) { background-color: transparent !important; }
      ${mark} { outline: 1px dashed ${colour}; outline-offset: -1px; }
      ${mark}[data-label]::after { content: attr(data-label) " ${sure}" !important; }`;
  };

  /** Those that nobody has taken up, in the order of the text. Label Studio notes where a mark came from, and not that
      it was relabelled, answered or linked: who does so has taken it up. */
  const untouched = () => {
    const now = studio.opening();
    if (now !== opened) { opened = now; first = new Map(); }
    const suggested = now === null ? [] : studio.suggested();
    if (!suggested.length) return [];
    const links = Map.groupBy(studio.links(), ({ tail }) => tail);
    const said = ({ id, label, start, end, answers }) => JSON.stringify(
      [label, start, end, answers, (links.get(id) ?? []).map(({ head, labels }) => [head, labels])]);
    return suggested.filter((mark) => {
      if (!first.has(mark.id)) first.set(mark.id, said(mark));
      if (first.get(mark.id) === said(mark)) return true;
      studio.takeUp(mark.id);
      return false;
    }).sort((one, other) => one.start - other.start || other.end - one.end);
  };

  const tell = () => {
    const left = untouched();
    const rules = left.map(rule).join('\n');
    if (rules !== drawn) { drawn = rules; style.textContent = rules; document.head.append(style); }
    if (!left.length) { notices.hide('suggestions'); return; }
    notices.show('suggestions', `Suggestions not looked at: ${left.length}. Enter keeps one, Backspace deletes it.`);
  };

  /** Select the next after a mark, or the first of all. */
  const goOn = (from) => {
    const left = untouched();
    const isAfter = ({ start, end }) => start > from.start || (start === from.start && end < from.end);
    const next = left.find(isAfter) ?? left[0];
    if (next) studio.select(next.id);
    tell();
  };
  const keep = (event) => {
    if (event.target.closest?.('button, a, [role=dialog]') || !untouched().length) return false;
    const mark = studio.selected();
    if (mark) studio.takeUp(mark.id);
    goOn(mark ?? { start: -1, end: 0 });
    return true;
  };
  const throwAway = (event) => {
    const mark = studio.selected();
    const isSuggested = untouched().some(({ id }) => id === mark?.id) && !event.target.closest?.('[role=dialog]');
    if (isSuggested) setTimeout(() => goOn(mark)); // Label Studio deletes it first
    return false;
  };
  watch(tell);

  return {
    keys: [{ key: 'enter', act: keep }, { key: 'backspace', act: throwAway }, { key: 'delete', act: throwAway }],
  };
}
