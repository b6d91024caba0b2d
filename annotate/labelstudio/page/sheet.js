// The list of an adjudication sheet: each choice leads to its mark, is decided here or at the mark, and is ticked when it
// is. Marks that only one of the passes has, over the same words or words that meet, are one choice between them.
function sheet() {
  const style = document.createElement('style');
  let opened = null, first = new Map(), drawn = '', told = '';

  const letters = (id) => /^([A-Z]+)-/.exec(id)?.[1] ?? ''; // adjudicate.py begins an open mark's id with its passes' letters
  const cut = (words) => `“${words.length <= 40 ? words : `${words.slice(0, 39)}…`}”`;
  const state = (choice, marks) => {
    const mark = marks.get(choice.id);
    return mark ? mark.answers.verdict ?? 'open' : 'reject'; // a mark that is deleted is rejected
  };

  // The choices of the sheet in the order of the text, in groups that compete.
  const groups = (annotation, marks) => {
    if (annotation !== opened) { opened = annotation; first = new Map(); }
    for (const mark of marks.values()) if (mark.answers.offered && !first.has(mark.id)) first.set(mark.id, { ...mark });
    const layers = studioB.layers();
    const compete = (one, other) => letters(one.id) && letters(other.id) && layers[one.label] === layers[other.label]
      && one.start < other.end && other.start < one.end && ![...letters(one.id)].some((letter) => letters(other.id).includes(letter));
    const made = [];
    for (const choice of [...first.values()].sort((one, other) => one.start - other.start || other.end - one.end)) {
      const group = made.find((members) => members.every((member) => compete(member, choice)));
      if (group) group.push(choice); else made.push([choice]);
    }
    return made;
  };

  const button = (title, act, isPressed) => {
    const made = Object.assign(document.createElement('button'), { type: 'button', textContent: title });
    made.setAttribute('aria-pressed', String(Boolean(isPressed)));
    made.addEventListener('click', act);
    return made;
  };
  const decide = (annotation, verdicts) => {
    for (const [choice, verdict] of verdicts) studioB.answer(annotation, choice.id, 'verdict', verdict);
    studioB.result(annotation);
    tell();
  };
  const row = (annotation, marks, members) => {
    const line = document.createElement('li');
    const states = members.map((choice) => state(choice, marks));
    line.dataset.state = states.includes('open') ? 'open' : 'done';
    const mark = (choice) => marks.get(choice.id) ?? choice;
    const lead = (choice) => button(`${mark(choice).label} ${cut(mark(choice).words)}`, () => studioB.select(annotation, choice.id));
    line.append(`${states.includes('open') ? '○' : '✓'} `);
    if (members.length === 1) {
      const [choice] = members, [now] = states;
      line.append(lead(choice), ` ${choice.answers.offered} `,
        button('keep', () => decide(annotation, [[choice, 'keep']]), now === 'keep'), ' ',
        button('reject', () => decide(annotation, [[choice, 'reject']]), now === 'reject'));
      return line;
    }
    for (const [number, choice] of members.entries()) {
      const others = members.filter((other) => other !== choice).map((other) => [other, 'reject']);
      line.append(lead(choice), ' ', button(letters(choice.id), () => decide(annotation, [...others, [choice, 'keep']]), states[number] === 'keep'), ' or ');
    }
    line.append(button('neither', () => decide(annotation, members.map((choice) => [choice, 'reject'])), states.every((now) => now === 'reject')));
    return line;
  };

  // What is open stands out in the text, and what is rejected is struck out.
  const rules = (annotation, marks) => {
    const names = studioB.classNames(annotation);
    const of = (wanted) => [...first.values()].filter((choice) => marks.has(choice.id) && state(choice, marks) === wanted)
      .map((choice) => `.acre-text .${names.get(choice.id)}`).join(', ') || '.acre-none';
    return `${of('open')} { outline: 2px solid #d9822b; outline-offset: -1px; }
      ${of('reject')} { text-decoration: line-through; opacity: .55; }`;
  };

  const tell = () => {
    const annotation = studioB.annotation(), side = document.querySelector('.acre-side');
    let place = document.getElementById('acre-sheet');
    if (!annotation || !side || !studioB.asks(annotation, 'verdict')) { place?.remove(); told = ''; return; }
    const { marks } = studioB.parts(annotation);
    const all = groups(annotation, marks);
    const now = JSON.stringify([...first.values()].map((choice) => [choice.id, state(choice, marks), marks.get(choice.id)?.label, marks.get(choice.id)?.words]));
    if (now === told && place?.isConnected) return;
    told = now;
    const open = all.filter((members) => members.some((choice) => state(choice, marks) === 'open')).length;
    const list = document.createElement('ol');
    list.append(...all.map((members) => row(annotation, marks, members)));
    if (!place) place = Object.assign(document.createElement('div'), { id: 'acre-sheet' });
    place.replaceChildren(`To decide: ${open} of ${all.length}. Put a mark right first, then keep it.`, list);
    side.append(place);
    const css = rules(annotation, marks);
    if (css !== drawn) { drawn = css; style.textContent = css + sheet.style; document.head.append(style); }
  };

  let due = null;
  const later = () => { clearTimeout(due); due = setTimeout(tell, 300); };
  for (const kind of ['keyup', 'pointerup', 'input']) window.addEventListener(kind, later, true);
  setInterval(() => { if (studioB.annotation() !== opened || !document.getElementById('acre-sheet')) tell(); }, 1000);
}
// The list that is written into the task is for a Label Studio without this script.
sheet.style = `
.acre-side:has(#acre-sheet) [class*=richtext] { display: none; }
#acre-sheet { font-size: 12px; line-height: 1.5; overflow-wrap: anywhere; }
#acre-sheet ol { list-style: none; margin: 4px 0; padding: 0; }
#acre-sheet li { margin: 0 0 6px; padding-left: 6px; border-left: 3px solid #d9822b; }
#acre-sheet li[data-state=done] { border-left-color: #4a9e5c; opacity: .8; }
#acre-sheet button { font: inherit; color: inherit; background: none; border: 0; padding: 0 2px; cursor: pointer; text-decoration: underline; }
#acre-sheet button[aria-pressed=true] { font-weight: 700; background: color-mix(in srgb, currentColor 18%, transparent); border-radius: 3px; }
`;
