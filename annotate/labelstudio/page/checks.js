// What would set a pass aside is told before it is submitted, in words that lead to the mark.
function checks() {
  let written = '', known = null;
  // What config.py wrote of the schema into the labelling configuration.
  const facts = () => {
    const page = document.querySelector('.acre');
    const now = page ? getComputedStyle(page).getPropertyValue('--acre-schema').trim() : '';
    if (now !== written) { written = now; known = now ? JSON.parse(now) : null; }
    return known;
  };
  const cut = (words) => `“${words.length <= 40 ? words : `${words.slice(0, 39)}…`}”`;
  const named = (mark) => `${mark.label} ${cut(mark.words)}`;

  // The faults of one link: what its label says can't be said of these two marks.
  const ofLink = ({ tail, head, labels }, { layers, links }) => {
    if (!labels.length) return [`The link from ${named(tail)} to ${named(head)} has no label: choose one, or delete it.`];
    const isSame = layers[tail.label] === layers[head.label] && ['mention', 'event'].includes(layers[tail.label]);
    return labels.filter((label) => !(label === 'same_as' ? isSame : links[tail.label]?.[label]?.fillers.includes(head.label)))
      .map((label) => {
        const isTurned = links[head.label]?.[label]?.fillers.includes(tail.label);
        const what = isTurned ? 'turn the link round' : 'give it another label, link another mark, or delete it';
        return `${label} can’t lead from ${named(tail)} to ${named(head)}: ${what}.`;
      });
  };

  // The faults of one mark with the labels of the links that go out from it.
  const ofMark = (mark, out, { layers, required, patterns }) => {
    const lacks = (required[mark.label] ?? []).filter((name) => !(name in mark.answers));
    const wrong = Object.entries(patterns).filter(([name, pattern]) => name in mark.answers
      && !new RegExp(`^(?:${pattern})$`, 'u').test(mark.answers[name]));
    const doubles = layers[mark.label] === 'content'
      ? ['source', 'cue'].filter((label) => out.filter((one) => one === label).length > 1) : [];
    const { min, max } = mark.answers;
    return [
      ...(mark.label ? [] : [`The mark ${cut(mark.words)} has no label: give it one, or delete it.`]),
      ...(lacks.length ? [`${named(mark)} has no ${lacks.join(', no ')}: answer it.`] : []),
      ...wrong.map(([name]) => `${named(mark)}: ${name} is “${mark.answers[name]}”, which can’t be read: correct it.`),
      ...doubles.map((label) => `${named(mark)} has more than one ${label}: keep one.`),
      ...(min > max ? [`${named(mark)}: min ${min} is greater than max ${max}: correct them.`] : []),
    ];
  };

  // What is worth a look, and may be right as it is.
  const hintsOf = (mark, out, heads, { layers }) => {
    const layer = layers[mark.label];
    if (layer === 'event' && !out.some((label) => label !== 'same_as')) return [`${named(mark)} has no arguments: link them, if the article tells any.`];
    if (layer === 'content' && mark.answers.source_status === 'named' && !out.includes('source')) {
      return [`${named(mark)} is of a named source, and none is linked: link it, if it is marked.`];
    }
    if (['source', 'cue'].includes(layer) && !heads.has(mark.id)) return [`No content is linked to the ${named(mark)}: link it, or delete it.`];
    return [];
  };

  // All faults and hints, each with the mark that it leads to, in the order of the text.
  const look = (annotation) => {
    const schema = facts();
    if (!schema) return { faults: [], hints: [] };
    const { marks, links } = studioB.parts(annotation);
    const isIn = (mark) => mark && mark.answers.verdict !== 'reject'; // on a sheet: what is rejected goes with its links
    const drawn = links.map((link) => ({ ...link, tail: marks.get(link.tail), head: marks.get(link.head) }))
      .filter(({ tail, head }) => isIn(tail) && isIn(head));
    const out = new Map(), heads = new Set();
    for (const { tail, head, labels } of drawn) {
      out.set(tail.id, [...(out.get(tail.id) ?? []), ...labels]);
      if (labels.some((label) => label !== 'same_as')) heads.add(head.id);
    }
    const ordered = [...marks.values()].filter(isIn).sort((one, other) => one.start - other.start);
    const told = (mark, lines) => lines.map((words) => ({ mark: mark.id, start: mark.start, words }));
    const faults = [
      ...ordered.flatMap((mark) => told(mark, ofMark(mark, out.get(mark.id) ?? [], schema))),
      ...drawn.flatMap((link) => told(link.tail, ofLink(link, schema))),
    ].sort((one, other) => one.start - other.start);
    return { faults, hints: ordered.flatMap((mark) => told(mark, hintsOf(mark, out.get(mark.id) ?? [], heads, schema))) };
  };

  let isOpen = false; // whether the list is, not only its count
  const list = (annotation, title, entries) => {
    const part = document.createElement('div');
    const lines = document.createElement('ul');
    for (const { mark, words } of entries) {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: words });
      button.addEventListener('click', () => studioB.select(annotation, mark));
      const line = document.createElement('li');
      line.append(button);
      lines.append(line);
    }
    part.append(title, lines);
    return part;
  };
  const tell = () => {
    const annotation = studioB.annotation();
    const { faults, hints } = annotation ? look(annotation) : { faults: [], hints: [] };
    if (!faults.length && !hints.length) { isOpen = false; notices.hide('checks'); return { faults, hints }; }
    const parts = document.createElement('div');
    if (!isOpen) parts.append(`To put right before Submit: ${faults.length}. To look at: ${hints.length}.`);
    if (isOpen && faults.length) parts.append(list(annotation, 'To put right; as it is, the pass would be set aside:', faults));
    if (isOpen && hints.length) parts.append(list(annotation, 'To look at; it may be right:', hints));
    const buttons = isOpen ? { Close: () => { isOpen = false; tell(); } } : { Show: () => { isOpen = true; tell(); } };
    if (isOpen && faults.length) buttons['Submit all the same'] = () => { isMeant = true; studioB.submit(); };
    notices.show('checks', parts, buttons);
    return { faults, hints };
  };

  // Submit is held back while there is something to put right, unless it is meant all the same.
  let isMeant = false;
  const holdBack = (event) => {
    const isSubmit = event.type === 'click' ? event.target.closest?.(studioB.SUBMITS)
      : event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    if (!isSubmit || !studioB.annotation()) return;
    if (isMeant) { isMeant = false; return; }
    isOpen = true;
    studioB.result(studioB.annotation()); // as it is now
    if (!tell().faults.length) { isOpen = false; tell(); return; }
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener('keydown', holdBack, true);
  window.addEventListener('click', holdBack, true);

  // What the pass was set aside for when it was pulled last: `acre pull` left it with the task.
  const tellAside = (annotation) => {
    const { at, faults } = studioB.task()?.data.set_aside ?? {};
    if (!faults?.length) { notices.hide('aside'); return; }
    const title = `Set aside when it was pulled, ${new Date(at).toLocaleString()}. Put it right, and submit it again:`;
    notices.show('aside', list(annotation, title, faults.map(({ mark, told }) => ({ mark, words: told }))), { Close: () => notices.hide('aside') });
  };

  let due = null, seen = null;
  const later = () => { clearTimeout(due); due = setTimeout(tell, 1010); }; // just after losses.js looked
  for (const kind of ['keyup', 'pointerup', 'input']) window.addEventListener(kind, later, true);
  setInterval(() => {
    const now = studioB.annotation();
    if (now !== seen) { seen = now; isOpen = false; tell(); if (now) tellAside(now); else notices.hide('aside'); }
  }, 1000);
}
