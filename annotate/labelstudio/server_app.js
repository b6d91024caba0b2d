// What a desk adds to Label Studio's pages. It runs first in the head of each, before Label Studio's own scripts.
function acre({ settings, guidelines, desk }) {
  losses({ desk });
  checks();
  suggestions();
  sheet();

  // A new annotator's settings; what the annotator chose stays.
  try {
    const key = 'labelStudio:settings';
    if (!localStorage.getItem(key)) localStorage.setItem(key, JSON.stringify(settings));
  } catch (error) {} // a browser that keeps nothing

  const linkTo = (event, address) => event.target.closest && event.target.closest(`a[href^="${address}"]`);
  const instead = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  window.addEventListener('click', (event) => {
    // Label Studio strips targets from the instructions: the manual opens beside the work all the same.
    const manual = linkTo(event, guidelines);
    if (manual) { instead(event); window.open(manual.href, '_blank', 'noopener'); }
    // Label Studio's menu logs out by reading an address; a desk logs out on POST alone.
    const logout = linkTo(event, '/logout');
    if (logout) {
      instead(event);
      const form = Object.assign(document.createElement('form'), { method: 'post', action: logout.href });
      document.body.append(form);
      form.submit();
    }
  }, true);

  // The keys of the configuration that is open: [['p'], ['shift', 'p'], …]
  const labelKeys = (annotation) => [...annotation.names.values()]
    .filter((tag) => tag.type.endsWith('labels'))
    .flatMap((tag) => tag.children)
    .filter((label) => label.hotkey)
    .map((label) => label.hotkey.toLowerCase().split('+'));
  const isPressed = (event, keys) => {
    const modifiers = ['shift', 'ctrl', 'alt', 'meta'];
    const key = keys[keys.length - 1];
    // By key code, as Label Studio reads it: capitals and other layouts make no difference.
    return (event.key.toLowerCase() === key || String.fromCharCode(event.keyCode).toLowerCase() === key)
      && modifiers.every((modifier) => event[`${modifier}Key`] === keys.includes(modifier));
  };
  // A mark stays selected after it was made, and Label Studio would give it the next label: a key begins a new mark.
  window.addEventListener('keydown', (event) => {
    const annotation = window.Htx?.annotationStore?.selected;
    const isTyping = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (!annotation?.selectedRegions?.length || isTyping || !event.key) return;
    if (labelKeys(annotation).some((keys) => isPressed(event, keys))) annotation.regionStore.unselectAll();
  }, true);

  document.head.append(Object.assign(document.createElement('style'), { textContent: notices.style }));
}
