// What a desk adds to Label Studio's pages. It runs first in the head of each, before Label Studio's own scripts.
function start({ settings, guidelines, desk }) {
  watchLosses({ desk });
  makeChecks();
  makeSheet();

  // A new annotator's settings; what the annotator chose stays.
  try {
    const key = 'labelStudio:settings';
    if (!localStorage.getItem(key)) localStorage.setItem(key, JSON.stringify(settings));
  } catch (error) {} // a browser that keeps nothing

  const linkTo = (event, address) => event.target.closest?.(`a[href^="${address}"]`);
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

  const linking = makeLinking();
  const parts = [linking, makeExtents(linking), makePanel(), makeSuggestions()];
  listenToKeys(parts.flatMap(({ keys }) => keys));
}
