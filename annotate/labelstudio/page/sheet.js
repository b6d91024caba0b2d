// The list of an adjudication sheet: each choice leads to its mark, is decided here or at the mark, and is ticked when
// it is. Marks that only one of the passes has, over the same words or words that meet, are one choice between them.
function makeSheet() {
  const style = element('style', {}), place = element('div', { id: 'acre-sheet' });
  let opened = null, first = new Map(), drawn = '', told = '';

  // adjudicate.py begins an open mark's id with the letters of the passes that have it.
  const letters = (id) => /^([A-Z]+)-/.exec(id)?.[1] ?? '';
  // A mark that is deleted is rejected.
  const state = (choice, marks) => (marks.has(choice.id) ? marks.get(choice.id).answers.verdict ?? 'open' : 'reject');

  /** The choices of the sheet in the order of the text, in groups that compete. */
  const groups = (marks) => {
    for (const mark of marks.values()) if (mark.answers.offered && !first.has(mark.id)) first.set(mark.id, mark);
    const { layers } = schema.facts();
    const compete = (one, other) => letters(one.id) && letters(other.id) && layers[one.label] === layers[other.label]
      && one.start < other.end && other.start < one.end
      && ![...letters(one.id)].some((letter) => letters(other.id).includes(letter));
    const made = [];
    for (const choice of [...first.values()].sort((one, other) => one.start - other.start || other.end - one.end)) {
      const group = made.find((members) => members.every((member) => compete(member, choice)));
      if (group) group.push(choice); else made.push([choice]);
    }
    return made;
  };

  const button = (title, onclick, isPressed) => (
    element('button', { type: 'button', onclick, ariaPressed: String(Boolean(isPressed)) }, title));
  const decide = (verdicts) => () => {
    for (const [choice, verdict] of verdicts) studio.answer(choice.id, 'verdict', verdict);
    tell();
  };
  const row = (marks, members) => {
    const states = members.map((choice) => state(choice, marks));
    const isDone = !states.includes('open');
    const lead = (choice) => {
      const { label, words } = marks.get(choice.id) ?? choice;
      return button(`${label} ${quoted(words)}`, () => studio.select(choice.id));
    };
    const all = (verdict) => decide(members.map((choice) => [choice, verdict]));
    const only = (choice) => {
      const others = members.filter((other) => other !== choice);
      return decide([...others.map((other) => [other, 'reject']), [choice, 'keep']]);
    };
    const line = element('li', {}, isDone ? '✓ ' : '○ ');
    line.dataset.state = isDone ? 'done' : 'open';
    const isRejected = states.every((now) => now === 'reject');
    if (members.length === 1) {
      const [choice] = members;
      line.append(lead(choice), ` ${choice.answers.offered} `,
        button('keep', all('keep'), states[0] === 'keep'), ' ', button('reject', all('reject'), isRejected));
    } else {
      for (const [number, choice] of members.entries()) {
        line.append(lead(choice), ' ', button(letters(choice.id), only(choice), states[number] === 'keep'), ' or ');
      }
      line.append(button('neither', all('reject'), isRejected));
    }
    return line;
  };

  /** What is open stands out in the text, and what is rejected is struck out. */
  const rules = (marks) => {
    const of = (wanted) => [...first.keys()].filter((id) => marks.has(id) && state({ id }, marks) === wanted)
      .map(studio.MARK).join(', ') || '.acre-none';
    return `${of('open')} { outline: 2px solid #d9822b; outline-offset: -1px; }
      ${of('reject')} { text-decoration: line-through; opacity: .55; }`;
  };

  const tell = () => {
    const side = document.querySelector('.acre-side'), now = studio.opening();
    if (now !== opened) { opened = now; first = new Map(); told = ''; }
    if (now === null || !side || !studio.asks('verdict')) { place.remove(); return; }
    const marks = new Map(studio.regions().map((mark) => [mark.id, mark]));
    const all = groups(marks);
    const said = JSON.stringify(all.flat().map((choice) => [state(choice, marks), marks.get(choice.id)]));
    if (said === told && place.isConnected) return;
    told = said;
    const isOpen = (members) => members.some((choice) => state(choice, marks) === 'open');
    const left = `To decide: ${all.filter(isOpen).length} of ${all.length}. Correct a mark first, then keep it.`;
    place.replaceChildren(left, element('ol', {}, ...all.map((members) => row(marks, members))));
    side.append(place);
    const css = rules(marks);
    if (css !== drawn) { drawn = css; style.textContent = css; document.head.append(style); }
  };
  watch(tell);
}
