// What the schema allows, as config.py writes it into the labelling configuration: a desk knows no corpus.
const schema = (() => {
  const read = new WeakMap(); // by the element that they are written for: to read them takes time
  const NOTHING = { links: {}, layers: {}, means: {}, required: {}, patterns: {} };

  /** { links: { label: { role: { fillers: [label], means } } }, layers: { label: layer }, means: { name: definition },
      required: { label: [question] }, patterns: { question: pattern } } */
  const facts = () => {
    const page = document.querySelector('.acre');
    const written = page && !read.has(page) ? getComputedStyle(page).getPropertyValue('--acre-schema').trim() : '';
    if (written) read.set(page, JSON.parse(written));
    return read.get(page) ?? NOTHING;
  };
  const sameAs = (tail, head) => {
    const layer = facts().layers[tail];
    return ['mention', 'event'].includes(layer) && layer === facts().layers[head];
  };
  /** What may be said of a link from one label to another: { label, means }. */
  const allowed = (tail, head) => [
    ...Object.entries(facts().links[tail] ?? {})
      .filter(([, { fillers }]) => fillers.includes(head))
      .map(([label, { means }]) => ({ label, means })),
    ...(sameAs(tail, head) ? [{ label: 'same_as', means: facts().means.same_as }] : []),
  ];
  /** A letter for each link label: the first of its own that no label before it has. */
  const letters = () => {
    const taken = {};
    for (const label of facts().order ?? []) {
      const letter = [...label, ...'abcdefghijklmnopqrstuvwxyz'].find((one) => /[a-z]/.test(one) && !(one in taken));
      if (letter) taken[letter] = label;
    }
    return Object.fromEntries(Object.entries(taken).map(([letter, label]) => [label, letter]));
  };
  /** Whether anything is known: a project that was made without acre says nothing of its schema. */
  const isKnown = () => facts() !== NOTHING;
  return { facts, allowed, letters, isKnown };
})();
