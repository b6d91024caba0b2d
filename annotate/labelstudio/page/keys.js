// Which key does what. Each part of the page brings its keys: { key, does, act }; `act` says with true that the key was
// its, and Label Studio then never sees it.

/** Keep an event from Label Studio and the browser. */
const instead = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };

/** Whether letters that are pressed go into an answer. A box that was ticked keeps the focus, and takes no letters. */
const isTyping = (event) => Boolean(event.target.closest?.(
  'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]'));

/** Whether this key was pressed, with exactly these modifiers: 'p', 'shift+p', 'ctrl+shift+arrowleft', '*'. */
const isPressed = (event, name) => {
  const keys = name.split('+');
  const key = keys.pop();
  // Whether a sign needs Shift is up to the keyboard's layout.
  const modifiers = ['ctrl', 'alt', 'meta', ...(/^\W$/.test(key) ? [] : ['shift'])];
  // By key code, as Label Studio reads it: capitals and other layouts make no difference.
  return (event.key.toLowerCase() === key || String.fromCharCode(event.keyCode).toLowerCase() === key)
    && modifiers.every((modifier) => event[`${modifier}Key`] === keys.includes(modifier));
};

function listenToKeys(keys) {
  window.addEventListener('keydown', (event) => {
    if (!event.key || isTyping(event) || !studio.isOpen()) return;
    const isTaken = keys.some(({ key, act }) => (key === '*any*' || isPressed(event, key)) && act(event));
    if (isTaken) { instead(event); return; }
    // A mark stays selected after it was made, and Label Studio would give it the next label: a key begins a new mark.
    if (studio.selectedCount() && studio.labelKeys().some((name) => isPressed(event, name))) studio.unselect();
  }, true);
  // What was ticked or filled in keeps the focus, and Label Studio would take no label's key until a click elsewhere.
  window.addEventListener('change', (event) => {
    if (event.target.closest?.('.acre [type=checkbox], .acre [type=radio]')) event.target.blur();
  });
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target.closest?.('.acre input')) setTimeout(() => event.target.blur());
  }, true);
  // After a drag that made a mark, Label Studio waits for a click, which no browser sends where the words it began on
  // are redrawn; then it takes the next one, on a mark, for that. One on no mark, before each, is what it waits for.
  window.addEventListener('mousedown', (event) => {
    if (event.target.closest?.(studio.LINES)) studio.endDrag();
  }, true);
}
