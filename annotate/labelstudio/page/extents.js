// Where marks begin and end: at the edges of words, whatever the mouse did; moved by keys; and words marked without a
// mouse.
function makeExtents(linking) {
  const text = () => studio.text();

  let resized = null; // the mark whose handle is dragged, as it was before
  let pressed = null; // the label's key that was pressed for the next drag
  window.addEventListener('mousedown', (event) => {
    resized = event.target.closest?.(studio.HANDLES) && studio.selected();
  }, true);
  // With Alt held as the mouse is let go, it is as it was dragged.
  window.addEventListener('mouseup', (event) => {
    const dragged = event.button === 0 && studio.isOpen() && selection.get();
    const [mark, key] = [resized, pressed];
    resized = pressed = null;
    // A handle that was dragged over the whole mark would leave it empty.
    const extent = (dragged && (event.altKey ? dragged : words.snapped(text(), dragged))) || mark;
    if (!extent) return;
    if (!mark) {
      // With a mark selected, the words would get its label. Where the page is slow, Label Studio selects a new mark
      // only after the key for the next one was pressed.
      if (studio.selectedCount()) {
        studio.unselect();
        if (key) studio.activate(key);
      }
      if (extent.start !== dragged.start || extent.end !== dragged.end) selection.set(extent);
      return;
    }
    // After a sign beyond U+FFFF Label Studio miscounts what a handle was dragged to; with nothing selected it does
    // nothing.
    selection.clear();
    setTimeout(() => studio.setExtent(mark.id, extent.start, extent.end));
  }, true);

  /** Move one end of the selected mark, or, where none is, of the selected words. */
  const move = (side, step) => () => {
    const mark = studio.isEditable() && studio.selected();
    const extent = mark || selection.get();
    if (!extent) return false;
    const { start, end } = words.moved(text(), extent, side, step);
    if (!mark) selection.set({ start, end });
    else if (start !== mark.start || end !== mark.end) studio.setExtent(mark.id, start, end);
    selection.show();
    return true;
  };
  /** Select the next word, from the selected words or mark on; at first, the first one. */
  const go = (find) => (event) => {
    if (event.target.closest?.('button, a, [role]') && !selection.get()) return false; // its arrows are its own
    const from = selection.get() ?? studio.selected() ?? { start: 0, end: 0 };
    if (studio.selectedCount() && !linking.isOn()) studio.unselect();
    selection.set(from);
    const word = find(from);
    if (word) selection.set(word);
    selection.show();
    return true;
  };
  const line = (step) => () => words.at(text(), selection.lineAway(step), step);

  /** Select the mark at the selected word; while linking, link to it. */
  const enter = (event) => {
    const at = selection.get();
    if (!at || event.target.closest?.('button, a')) return false;
    const marks = studio.regions().filter(({ start, end }) => start < at.end && end > at.start)
      .sort((one, other) => (one.end - one.start) - (other.end - other.start));
    const box = window.getSelection().getRangeAt(0).getBoundingClientRect();
    if (linking.isOn()) linking.link(marks, { x: box.left, y: box.bottom });
    else if (marks.length) { selection.clear(); studio.select(marks[0].id); }
    return true;
  };
  /** With words selected, a label's key marks them; else it is for the words that are dragged over next. Label Studio's
      own listener, after this one, makes the label active. */
  const mark = (event) => {
    const key = studio.labelKeys().find((name) => isPressed(event, name));
    if (!key) return false;
    pressed = selection.get() ? null : key;
    if (pressed) return false;
    studio.unselect();
    setTimeout(studio.markSelection);
    return false;
  };

  return {
    keys: [
      { key: '*any*', act: mark },
      { key: 'arrowright', act: go(({ end }) => words.next(text(), end, 1)) },
      { key: 'arrowleft', act: go(({ start }) => words.next(text(), start, -1)) },
      { key: 'arrowdown', act: go(line(1)) },
      { key: 'arrowup', act: go(line(-1)) },
      { key: 'enter', act: enter },
      { key: 'shift+arrowright', act: move('end', 1) },
      { key: 'shift+arrowleft', act: move('end', -1) },
      ...['ctrl', 'meta'].flatMap((modifier) => [
        { key: `${modifier}+shift+arrowright`, act: move('start', 1) },
        { key: `${modifier}+shift+arrowleft`, act: move('start', -1) },
      ]),
    ],
  };
}
