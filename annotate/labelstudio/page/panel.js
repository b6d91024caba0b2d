// What is said of the selected mark, in words, at the right; and only its links are drawn, or those of the mark that the
// mouse is over, or, after *, all.
function makePanel() {
  const style = element('style', {});
  let hovered = '', drawn = '', said = '';

  const plain = (name) => name.replaceAll('_', ' '); // as config.py writes a question's name
  const touching = (id) => studio.links().filter(({ tail, head }) => tail === id || head === id);

  function draw(selected) {
    const shown = [selected?.id, hovered].filter(Boolean).flatMap(touching);
    const rules = shown.map(({ id }) => `${studio.ARC(id)}:not([visibility=hidden]) { visibility: visible !important; }`);
    if (rules.join('') === drawn) return;
    drawn = rules.join('');
    style.textContent = drawn;
    document.head.append(style);
  }

  function rows(mark) {
    const named = new Map(studio.regions().map((region) => [region.id, region]));
    const told = (id) => short(named.get(id)?.words || named.get(id)?.label || '?', 60);
    const answers = studio.answers(mark.id).map(([name, answer]) => [`${plain(name)}: ${answer}`, () => ask(name)]);
    const says = ({ id, tail, head }, label) => {
      const other = tail === mark.id ? head : tail;
      const role = label === 'same_as' ? 'same as' : tail === mark.id ? label : `${label} of`;
      return [`${role}: ${told(other)}`, () => studio.select(other), () => studio.unlink(id, label)];
    };
    const labelled = (link) => (link.labels.length ? link.labels : ['no role']).map((label) => says(link, label));
    return [...answers, ...touching(mark.id).flatMap(labelled)];
  }
  /** The question of that name, at which the answer is changed. */
  function ask(name) {
    const headings = [...document.querySelectorAll('.acre-side h4')];
    const heading = headings.find((found) => found.textContent === plain(name));
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
    const found = mark ? rows(mark) : [];
    const now = JSON.stringify([mark, found.map(([words]) => words)]);
    if (now === said && (!mark || place.childElementCount)) return;
    said = now;
    place.replaceChildren(...(mark ? [
      element('h4', {}, mark.label), element('p', {}, short(mark.words, 90)), element('ul', {}, ...found.map(row)),
    ] : []));
  }
  // Label Studio tells nobody of a change: after what may have made one, and at times, it is looked at.
  const soon = () => setTimeout(refresh, 60);
  for (const type of ['click', 'keyup', 'mouseup']) window.addEventListener(type, soon, true);
  setInterval(refresh, 1000);
  window.addEventListener('mouseover', (event) => {
    if (!studio.isOpen()) return;
    const now = event.target.closest?.(studio.MARKS) ? studio.regionsAt(event.target)[0]?.id ?? '' : '';
    if (now !== hovered) { hovered = now; draw(studio.selected()); }
  }, true);

  return {
    keys: [{ key: '*', act: () => { document.body.classList.toggle('acre-all-links'); return true; } }],
  };
}
