// What would set a pass aside is told before it is submitted, in words that lead to the mark.
const faults = (() => {
  const named = (mark) => `${mark.label} ${quoted(mark.words)}`;
  const allows = (tail, head, label) => schema.allowed(tail.label, head.label).some((choice) => choice.label === label);

  /** Of one link: what its label says can't be said of these two marks. */
  const ofLink = ({ tail, head, labels }) => {
    const from = `from ${named(tail)} to ${named(head)}`;
    if (!labels.length) return [`The link ${from} has no label: choose one, or delete it.`];
    return labels.filter((label) => !allows(tail, head, label)).map((label) => `${label} can’t lead ${from}: ${
      allows(head, tail, label) ? 'reverse the link' : 'give it another label, link another mark, or delete it'}.`);
  };

  /** Of one mark, with the labels of the links that go out from it. */
  const ofMark = (mark, out) => {
    const { layers, required, patterns } = schema.facts();
    const lacks = (required[mark.label] ?? []).filter((name) => !(name in mark.answers));
    const wrong = Object.entries(patterns).filter(([name, pattern]) => name in mark.answers
      && !new RegExp(`^(?:${pattern})$`, 'u').test(mark.answers[name]));
    const doubles = layers[mark.label] === 'content'
      ? ['source', 'cue'].filter((label) => out.filter((one) => one === label).length > 1) : [];
    const { min, max } = mark.answers;
    return [
      ...(mark.label ? [] : [`The mark ${quoted(mark.words)} has no label: give it one, or delete it.`]),
      ...(lacks.length ? [`${named(mark)} has no ${lacks.join(', no ')}: answer it.`] : []),
      ...wrong.map(([name]) => `${named(mark)}: ${name} is “${mark.answers[name]}”, which can’t be read: correct it.`),
      ...doubles.map((label) => `${named(mark)} has more than one ${label}: keep one.`),
      ...(min > max ? [`${named(mark)}: min ${min} is greater than max ${max}: correct them.`] : []),
    ];
  };

  /** Of one mark: what is worth a look, and may be right as it is. `isLinked` says whether a link leads to it. */
  const hintsOf = (mark, out, isLinked) => {
    const layer = schema.facts().layers[mark.label];
    if (layer === 'event' && !out.some((label) => label !== 'same_as')) {
      return [`${named(mark)} has no arguments: link them, if the article tells any.`];
    }
    if (layer === 'content' && mark.answers.source_status === 'named' && !out.includes('source')) {
      return [`${named(mark)} is of a named source, and none is linked: link it, if it is marked.`];
    }
    if (['source', 'cue'].includes(layer) && !isLinked) {
      return [`No content is linked to the ${named(mark)}: link it, or delete it.`];
    }
    return [];
  };

  /** All faults and hints of the open annotation, each { mark, words } with the mark's id, in the order of the text. */
  return () => {
    if (studio.opening() === null || !schema.isKnown()) return { faults: [], hints: [] };
    const isIn = (mark) => mark.answers.verdict !== 'reject'; // on a sheet: what is rejected goes with its links
    const marks = studio.regions().filter(isIn).sort((one, other) => one.start - other.start);
    const byId = new Map(marks.map((mark) => [mark.id, mark]));
    const links = studio.links().map((link) => ({ ...link, tail: byId.get(link.tail), head: byId.get(link.head) }))
      .filter(({ tail, head }) => tail && head);
    const out = new Map(marks.map(({ id }) => [id, []])), heads = new Set();
    for (const { tail, head, labels } of links) {
      out.get(tail.id).push(...labels);
      if (labels.some((label) => label !== 'same_as')) heads.add(head.id);
    }
    const told = (mark, lines) => lines.map((words) => ({ mark: mark.id, start: mark.start, words }));
    return {
      faults: [
        ...marks.flatMap((mark) => told(mark, ofMark(mark, out.get(mark.id)))),
        ...links.flatMap((link) => told(link.tail, ofLink(link))),
      ].sort((one, other) => one.start - other.start),
      hints: marks.flatMap((mark) => told(mark, hintsOf(mark, out.get(mark.id), heads.has(mark.id)))),
    };
  };
})();

function makeChecks() {
  const list = (title, entries) => element('div', {}, title, element('ul', {}, ...entries.map(({ mark, words }) => (
    element('li', {}, element('button', { type: 'button', onclick: () => studio.select(mark) }, words))))));

  let isOpen = false; // whether the list is, not only its count
  let isMeant = false; // whether what is told is submitted all the same
  const set = (open) => () => { isOpen = open; tell(); };
  const tell = () => {
    const { faults: wrong, hints } = faults();
    if (!wrong.length && !hints.length) {
      isOpen = false;
      notices.hide('checks');
    } else if (!isOpen) {
      const counts = [['To correct before Submit', wrong], ['To look at', hints]]
        .filter(([, entries]) => entries.length).map(([title, entries]) => `${title}: ${entries.length}.`);
      notices.show('checks', counts.join(' '), { Show: set(true) });
    } else {
      const parts = element('div', {});
      if (wrong.length) parts.append(list('To correct; as it is, it would not be accepted:', wrong));
      if (hints.length) parts.append(list('To look at; it may be right:', hints));
      const anyway = { 'Submit anyway': () => { isMeant = true; studio.submit(); } };
      notices.show('checks', parts, { Close: set(false), ...(wrong.length ? anyway : {}) });
    }
  };

  // Submit is held back while there is something to correct, unless it is meant anyway.
  const holdBack = (event) => {
    const isSubmit = event.type === 'click' ? event.target.closest?.(studio.SUBMITS)
      : event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    if (!isSubmit || studio.opening() === null) return;
    const isHeld = !isMeant && faults().faults.length > 0;
    isMeant = false;
    if (!isHeld) return;
    instead(event);
    set(true)();
  };
  window.addEventListener('keydown', holdBack, true);
  window.addEventListener('click', holdBack, true);

  // What the pass was set aside for when it was pulled last: `acre pull` left it with the task.
  const tellAside = () => {
    const { at, faults: aside } = studio.task()?.data.set_aside ?? {};
    if (studio.opening() === null || !aside?.length) { notices.hide('aside'); return; }
    const when = new Date(at).toLocaleString();
    const title = `Not accepted when it was collected, ${when}. Correct it, and submit it again:`;
    const entries = aside.map(({ mark, told }) => ({ mark, words: told }));
    notices.show('aside', list(title, entries), { Close: () => notices.hide('aside') });
  };

  let seen = null;
  watch(() => whenIdle(() => {
    const now = studio.opening();
    if (now !== seen) { seen = now; isOpen = false; tellAside(); }
    tell();
  }));
}
