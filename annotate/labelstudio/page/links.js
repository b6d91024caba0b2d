// Linking: select a mark, press -, click what fills a role of it, choose the role by its letter; or click with the
// right button, with no key before. Where the schema allows one role only, it is set at once.
function makeLinking() {
  let tail = null; // the id of the mark that links are drawn from
  const bar = floating('acre-bar');
  const chooser = floating('acre-chooser');

  function begin(mark) {
    tail = mark.id;
    document.body.classList.add('acre-linking');
    bar.show(element('span', {}, `${mark.label} “${short(mark.words)}”: click what it is linked to. Esc ends.`));
  }
  function end() {
    tail = null;
    document.body.classList.remove('acre-linking');
    bar.hide();
    chooser.hide();
  }

  /** What can be said of two marks: as drawn, or, where only that is possible, the other way round. */
  function choices(one, other) {
    const as = (from, to) => schema.allowed(from.label, to.label)
      .map((choice) => ({ ...choice, tail: from, head: to }));
    const drawn = as(one, other);
    return drawn.length ? drawn : as(other, one);
  }
  /** Of the marks that share the words that were clicked, the shortest that a link could end at. */
  function offers(one, others) {
    const linkable = others.filter((other) => other.id !== one.id).map((other) => [other, choices(one, other)])
      .filter(([, possible]) => possible.length);
    const [shortest] = linkable;
    return linkable.filter(([other]) => other.end - other.start === shortest[0].end - shortest[0].start)
      .flatMap(([, possible]) => possible);
  }

  /** What an earlier click has told is over. */
  function clear() {
    chooser.hide();
    if (!tail) bar.hide();
  }
  function link(one, others, { x, y }) {
    const possible = offers(one, others);
    const set = ({ tail: from, head, label }) => { chooser.hide(); studio.link(from.id, head.id, [label]); };
    clear();
    if (possible.length === 1) set(possible[0]);
    else if (possible.length) choose(possible, set, x, y);
    else bar.show(element('span', {}, `The schema has no link between ${one.label} and ${
      others.filter((other) => other.id !== one.id).map((other) => other.label).join(' or ') || 'that'}.`));
  }
  let pending = {};
  function choose(possible, set, x, y) {
    const letters = schema.letters();
    const several = new Set(possible.map(({ tail: from, head }) => from.id + head.id)).size > 1;
    pending = {};
    const rows = possible.map((choice) => {
      const key = [letters[choice.label], ...'123456789'].find((one) => one && !(one in pending));
      const act = () => set(choice);
      pending[key] = act;
      const to = several ? ` ${choice.head.label}` : '';
      return element('button', { type: 'button', onclick: act, title: choice.means ?? '' },
        element('kbd', {}, key), ` ${choice.label}${to} `, element('small', {}, choice.means ?? ''));
    });
    chooser.show(...rows);
    chooser.at(x, y);
  }

  // Label Studio must see none of a click that draws a link, or it would select what was clicked.
  const drawn = (event) => {
    if (!studio.isEditable() || !event.target.closest?.(studio.MARKS)) return null;
    const isRight = event.type === 'contextmenu' || event.button === 2;
    const from = tail ? studio.region(tail) : isRight ? studio.selected() : null;
    const others = from ? studio.regionsAt(event.target) : [];
    return others.some((other) => other.id !== from?.id) ? [from, others] : null;
  };
  for (const type of ['mousedown', 'mouseup', 'click', 'contextmenu']) {
    window.addEventListener(type, (event) => {
      if (chooser.holds(event.target)) return;
      const ends = drawn(event);
      if (ends && (tail || type === 'contextmenu' || event.button === 2)) {
        instead(event);
        const isLast = type === (event.button === 2 ? 'contextmenu' : 'click');
        if (isLast) link(...ends, { x: event.clientX, y: event.clientY });
      } else if (type === 'mousedown') clear();
    }, true);
  }

  const draw = () => {
    const mark = studio.isEditable() && studio.selected();
    if (mark) begin(mark);
    return Boolean(mark);
  };
  const keys = [
    {
      key: '*any*',
      act: (event) => {
        if (event.key === 'Escape' && (tail || chooser.isOpen())) { end(); return true; }
        const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
        if (isLetter && chooser.isOpen()) { pending[event.key.toLowerCase()]?.(); return true; }
        if (isLetter && tail) end(); // a key of a label or an answer does what it does
        return false;
      },
    },
    { key: '-', does: 'link the selected mark: click what fills a role', act: draw },
    { key: 'alt+r', act: draw }, // Label Studio's own key for it
  ];
  return {
    keys,
    link: (others, at) => tail && studio.region(tail) && link(studio.region(tail), others, at),
    isOn: () => Boolean(tail),
  };
}
