// Lines at the foot of the page that tell what must not be missed; each stays until what it tells is over.
const notices = (() => {
  const place = element('div', { id: 'acre-notices', role: 'status' });
  const shown = (name) => place.querySelector(`[data-notice="${name}"]`);

  /** Show the line of that name, in the place of an earlier one; each button by its words and what it does. */
  function show(name, words, buttons = {}) {
    const line = element('div', { className: 'acre-notice' }, words, ...Object.entries(buttons)
      .map(([title, onclick]) => element('button', { type: 'button', onclick }, title)));
    line.dataset.notice = name;
    if (!place.isConnected) document.body.append(place);
    const before = shown(name);
    if (before?.textContent === line.textContent) return;
    if (before) before.replaceWith(line); else place.append(line);
  }
  const hide = (name) => shown(name)?.remove();
  return { show, hide };
})();
