// What is said of the selected mark, in words, at the right; and only its links are drawn, or those of the mark that
// the mouse is over, or, after *, all.
function makePanel() {
  const style = element('style', {});
  let hovered = '', drawn = '', said = '';

  const touching = (id) => studio.links().filter(({ tail, head }) => tail === id || head === id);

  function draw(selected) {
    const shown = [selected?.id, hovered].filter(Boolean).flatMap(touching);
    const rules = shown.map(({ id }) => (
      `${studio.ARC(id)}:not([visibility=hidden]) { visibility: visible !important; }`));
    if (rules.join('') === drawn) return;
    drawn = rules.join('');
    style.textContent = drawn;
    document.head.append(style);
  }

  function rows(mark) {
    const told = (id) => {
      const { words, label } = studio.region(id);
      return short(words || label, 60);
    };
    const answers = Object.entries(mark.answers)
      .map(([name, answer]) => [`${name.replaceAll('_', ' ')}: ${answer}`, () => ask(name)]);
    const links = touching(mark.id).flatMap(({ id, tail, head, labels }) => {
      const isTail = tail === mark.id, other = isTail ? head : tail;
      return (labels.length ? labels : ['no role']).map((label) => {
        const relation = label === 'same_as' ? 'same as' : `${label}${isTail ? '' : ' of'}`;
        return [`${relation}: ${told(other)}`, () => studio.select(other), () => studio.unlink(id, label)];
      });
    });
    return [...answers, ...links];
  }
  /** The question of that name, at which the answer is changed. */
  function ask(name) {
    const heading = [...document.querySelectorAll('.acre-side h4')]
      .find(({ textContent }) => textContent === name.replaceAll('_', ' '));
    heading?.scrollIntoView({ block: 'nearest' });
    heading?.parentElement.querySelector('input')?.focus();
  }
  function row([words, go, remove]) {
    const buttons = [element('button', { type: 'button', onclick: go, title: words }, words)];
    if (remove && studio.isEditable()) {
      const label = `remove ${words}`;
      buttons.push(element('button', { type: 'button', onclick: remove, title: label, ariaLabel: label }, '×'));
    }
    return element('li', {}, ...buttons);
  }

  function refresh() {
    const place = document.querySelector('.acre-mark');
    if (!place || !studio.isOpen()) return;
    const mark = studio.selected();
    draw(mark);
    for (const heading of document.querySelectorAll('.acre-side h4:not([title])')) {
      heading.title = schema.facts().means[heading.textContent.replaceAll(' ', '_')] ?? '';
    }
    const listed = mark ? rows(mark) : [];
    const now = JSON.stringify([mark, listed.map(([words]) => words)]);
    if (now === said && (!mark || place.childElementCount)) return;
    said = now;
    place.replaceChildren(...(mark ? [
      element('h4', {}, mark.label), element('p', {}, short(mark.words, 90)), element('ul', {}, ...listed.map(row)),
    ] : []));
  }
  watch(refresh, 60);
  window.addEventListener('mouseover', (event) => {
    if (!studio.isOpen()) return;
    const now = event.target.closest?.(studio.MARKS) ? studio.regionsAt(event.target)[0]?.id ?? '' : '';
    if (now !== hovered) { hovered = now; draw(studio.selected()); }
  }, true);

  return {
    keys: [{ key: '*', act: () => { document.body.classList.toggle('acre-all-links'); return true; } }],
  };
}
