// Lines at the foot of the page that tell what must not be missed; each stays until what it tells is over.
const notices = {
  _place() {
    let place = document.getElementById('acre-notices');
    if (!place) {
      place = Object.assign(document.createElement('div'), { id: 'acre-notices' });
      place.setAttribute('role', 'status');
      document.body.append(place);
    }
    return place;
  },

  // Show the line of that name, in the place of an earlier one; each button by its words and what it does.
  show(name, words, buttons = {}) {
    const line = Object.assign(document.createElement('div'), { className: 'acre-notice' });
    line.dataset.notice = name;
    line.append(words);
    for (const [title, act] of Object.entries(buttons)) {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: title });
      button.addEventListener('click', act);
      line.append(button);
    }
    const before = document.querySelector(`.acre-notice[data-notice="${name}"]`);
    if (before?.textContent === line.textContent) return;
    if (before) before.replaceWith(line); else notices._place().append(line);
  },

  hide: (name) => document.querySelector(`.acre-notice[data-notice="${name}"]`)?.remove(),

  style: `
#acre-notices { position: fixed; left: 12px; bottom: 56px; z-index: 2000; display: flex; flex-direction: column; gap: 4px;
  align-items: flex-start; max-width: min(70ch, calc(100vw - 24px)); font: 13px/1.4 sans-serif; }
.acre-notice { background: #fff4cf; color: #3a2c00; border: 1px solid #b08a1e; border-radius: 4px; padding: 3px 8px;
  max-height: 40vh; overflow-y: auto; }
.acre-notice button { margin-left: 8px; text-decoration: underline; color: inherit; background: none; border: 0;
  padding: 0; cursor: pointer; font: inherit; }
.acre-notice ul { margin: 0 0 4px; padding: 0; list-style: none; }
.acre-notice li button { margin: 2px 0 0 10px; text-align: left; line-height: 1.3; }
`,
};
