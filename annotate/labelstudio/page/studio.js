// All that reaches into Label Studio's own objects, and the names of its elements: nothing else does. Plain values come
// out, ids go in. tests/browser/test_studio.py says which function a new version of Label Studio has changed.
const studio = (() => {
  const annotation = () => window.Htx?.annotationStore?.selected;
  const area = (id) => annotation().regionStore.regions.find((found) => found.id === id);
  const plain = (found) => found && {
    id: found.id, label: found.labelName ?? '', start: found.startOffset, end: found.endOffset, words: found.text ?? '',
  };
  /** Several changes as one step of Undo. */
  const atOnce = (change) => {
    const { history } = annotation();
    history.freeze('acre');
    try { change(); } finally { history.unfreeze('acre'); }
  };

  return {
    LINES: '.acre-text .lsf-richtext__line', // of the article
    MARKS: '.acre-text .htx-highlight', // the pieces that marks are drawn by
    HANDLES: '.acre-text .htx-highlight area', // at the ends of the selected mark
    ARC: (link) => `.relations-overlay g[id="${link}"]`,

    /** Whether an article is open. */
    isOpen: () => Boolean(annotation()?.regionStore && document.querySelector(studio.LINES)),
    /** Whether it can be changed: a suggestion that is only looked at, or another's work, can't. */
    isEditable: () => studio.isOpen() && !annotation().isReadOnly(),
    /** The article, as Label Studio shows it. */
    text: () => [...annotation().names.values()].find((tag) => tag.type === 'text')._value,

    /** All marks: id, label, start and end in code points, words. */
    regions: () => annotation().regionStore.regions.map(plain),
    /** The marks that a piece of the text stands in, the shortest first. */
    regionsAt: (element) => {
      const names = new Set();
      for (let at = element.closest(studio.MARKS); at; at = at.parentElement.closest(studio.MARKS)) {
        at.classList.forEach((name) => names.add(name));
      }
      return annotation().regionStore.regions.filter((found) => names.has(found.className)).map(plain)
        .sort((one, other) => (one.end - one.start) - (other.end - other.start));
    },
    /** The one mark that is selected, or null. */
    selected: () => plain(annotation()?.highlightedNode) ?? null,
    /** How many are selected. */
    selectedCount: () => annotation()?.selectedRegions?.length ?? 0,
    select: (id) => { const found = area(id); if (found) annotation().selectArea(found); },
    unselect: () => annotation().regionStore.unselectAll(),
    /** What was answered of a mark: pairs of a question's name and the answer. */
    answers: (id) => (area(id)?.results ?? [])
      .filter((result) => !result.from_name.isLabeling && result.hasValue)
      .map((result) => [result.from_name.name, String(result.mainValue)]),

    /** All links: id, the marks' ids, and the labels. */
    links: () => annotation().relationStore.relations.map((found) => ({
      id: found.id, tail: found.node1.id, head: found.node2.id, labels: [...(found.labels ?? [])],
    })),
    /** Link two marks: several labels go on the one relation that an ordered pair can have. */
    link: (tail, head, labels) => atOnce(() => {
      const [one, other, store] = [area(tail), area(head), annotation().relationStore];
      const relation = store.findRelations(one, other)[0] ?? store.addRelation(one, other);
      relation.setRelations([...new Set([...(relation.labels ?? []), ...labels])]);
    }),
    /** Take one label off a link; the last one takes the link with it. */
    unlink: (id, label) => atOnce(() => {
      const store = annotation().relationStore;
      const relation = store.relations.find((found) => found.id === id);
      const left = (relation.labels ?? []).filter((name) => name !== label);
      if (left.length) relation.setRelations(left); else store.deleteRelation(relation);
    }),

    /** Let a mark begin and end elsewhere; its links and answers stay. As Label Studio does when its handles are dragged. */
    setExtent: (id, start, end) => atOnce(() => {
      const found = area(id);
      found.detachHandles();
      found.removeHighlight();
      found.updateGlobalOffsets(start, end);
      found.updateTextOffsets(start, end);
      found.applyHighlight();
      if (found.selected) found.selectRegion();
      found.notifyDrawingFinished();
      found.updateHighlightedText({ force: true });
    }),
    /** Mark what is selected in the text with the label that is active: Label Studio does so when the mouse is let go. */
    markSelection: () => document.querySelector(studio.LINES).dispatchEvent(new MouseEvent('mouseup', { bubbles: true })),

    /** Label Studio's wait for the click that ends a drag is over. */
    endDrag: () => document.querySelector(studio.LINES).parentElement.dispatchEvent(new MouseEvent('click', { bubbles: true })),

    /** The keys of the labels: ['p', 'shift+p', …]. */
    labelKeys: () => [...annotation().names.values()]
      .filter((tag) => tag.type.endsWith('labels'))
      .flatMap((tag) => tag.children)
      .filter((label) => label.hotkey)
      .map((label) => label.hotkey.toLowerCase()),
  };
})();
