// All that reaches into Label Studio's own objects (1.23.2), and the names of its elements: nothing else does. Plain
// values come out, ids go in. tests/browser/test_studio.py says which function a new version of Label Studio has
// changed.
const studio = (() => {
  const annotation = () => window.Htx?.annotationStore?.selected;
  const area = (id) => annotation().regionStore.regions.find((region) => region.cleanId === id);

  /** What was answered of a mark, by the question's name; what its label is not asked was answered under an earlier
      one. */
  const answers = (region) => Object.fromEntries(region.results
    .filter((result) => !result.from_name.isLabeling && result.hasValue && result.canBeSubmitted)
    .map(({ from_name: { name }, mainValue }) => [name, Array.isArray(mainValue) ? mainValue[0] : mainValue]));
  const plain = (region) => region && {
    id: region.cleanId, label: region.labelName ?? '', start: region.startOffset, end: region.endOffset,
    words: region.text ?? '', answers: answers(region),
  };
  const link = ({ id, node1, node2, direction, labels }) => {
    const [tail, head] = direction === 'left' ? [node2, node1] : [node1, node2];
    return { id, tail: tail.cleanId, head: head.cleanId, labels: [...(labels ?? [])] };
  };
  const score = (region) => region.score
    ?? region.results.find((result) => typeof result.score === 'number')?.score ?? null;
  const labels = () => [...annotation().names.values()]
    .filter((tag) => tag.type.endsWith('labels'))
    .flatMap((tag) => tag.children)
    .filter((label) => label.hotkey);
  /** Several changes as one step of Undo. */
  const atOnce = (change) => {
    const { history } = annotation();
    history.freeze('acre');
    try { change(); } finally { history.unfreeze('acre'); }
  };
  const numbers = new WeakMap();
  let count = 0;

  return {
    LINES: '.acre-text .lsf-richtext__line', // of the article
    MARKS: '.acre-text .htx-highlight', // the pieces that marks are drawn by
    HANDLES: '.acre-text .htx-highlight area', // at the ends of the selected mark
    SUBMITS: '[data-testid=bottombar-submit-button], [data-testid=bottombar-update-button]',
    ARC: (id) => `.relations-overlay g[id="${id}"]`, // that a link is drawn by
    MARK: (id) => `.acre-text .${area(id).className}`, // that a mark is drawn by

    /** Whether an article is shown. */
    isOpen: () => Boolean(annotation()?.regionStore && document.querySelector(studio.LINES)),
    /** A number for the annotation that is open for work, another one each time that one is opened; null where none is:
        a suggestion or another's work that is only looked at, or a task that is being loaded. */
    opening() {
      const store = window.Htx, open = annotation();
      const isWork = open?.type === 'annotation' && open.editable && !open.isReadOnly()
        && !store.isLoading && !store.annotationStore.viewingAll && store.task;
      if (!isWork) return null;
      if (!numbers.has(open)) numbers.set(open, count += 1);
      return numbers.get(open);
    },
    isEditable: () => studio.isOpen() && studio.opening() !== null,
    /** What differs once another annotation is open or another mark selected, or marks or links come or go. */
    state() {
      const { highlightedNode, regionStore, relationStore } = annotation() ?? {};
      return [
        studio.opening(), highlightedNode?.cleanId, regionStore?.regions.length, relationStore?.relations.length,
      ].join();
    },
    /** The open task: its number in Label Studio, and its data as `tasks.data` made them; null where none is. */
    task() {
      const task = window.Htx?.task;
      return task ? { id: Number(task.id), data: task.dataObj ?? JSON.parse(task.data || '{}') } : null;
    },
    /** The annotation's number on the server. */
    key: () => annotation().pk ?? 'new',
    /** The article, as Label Studio shows it. */
    text: () => [...annotation().names.values()].find((tag) => tag.type === 'text')._value,

    /** All marks: id, label, start and end in code points, words, and answers by the question's name. */
    regions: () => annotation().regionStore.regions.map(plain),
    region: (id) => plain(area(id)),
    /** The marks that a piece of the text stands in, the shortest first. */
    regionsAt: (piece) => {
      const names = new Set();
      for (let at = piece.closest(studio.MARKS); at; at = at.parentElement.closest(studio.MARKS)) {
        at.classList.forEach((name) => names.add(name));
      }
      return annotation().regionStore.regions.filter((region) => names.has(region.className)).map(plain)
        .sort((one, other) => (one.end - one.start) - (other.end - other.start));
    },
    /** The marks that came with a suggestion and that nobody has taken up: besides, the label's colour and the score.
        */
    suggested: () => annotation().regionStore.regions.filter((region) => region.origin === 'prediction')
      .map((region) => ({ ...plain(region), colour: region.getOneColor?.() ?? 'currentColor', score: score(region) })),
    /** A suggested mark is the annotator's from now on, as where Label Studio sees its extent changed. */
    takeUp: (id) => area(id)?.updateOriginOnEdit(),

    /** The one mark that is selected, or null. */
    selected: () => plain(annotation()?.highlightedNode) ?? null,
    /** How many are selected. */
    selectedCount: () => annotation()?.selectedRegions?.length ?? 0,
    /** Select a mark and bring it into view. */
    select(id) {
      const region = area(id);
      if (!region) return;
      studio.unselect();
      annotation().selectArea(region);
    },
    unselect: () => annotation().regionStore.unselectAll(),
    /** Whether there is a question of that name. */
    asks: (question) => annotation().names.has(question),
    /** Select a mark and give an answer, as a click on it does; an answer that is given stays. */
    answer(id, question, value) {
      studio.select(id);
      const choice = annotation().names.get(question).children.find((child) => child._value === value);
      if (area(id) && !choice.sel) choice.toggleSelected();
    },

    /** All links: id, the marks' ids, and the labels. */
    links: () => annotation().relationStore.relations.map(link),
    /** Link two marks: several labels go on the one relation that an ordered pair can have. */
    link: (tail, head, labels) => atOnce(() => {
      const [one, other, store] = [area(tail), area(head), annotation().relationStore];
      const relation = store.findRelations(one, other)[0] ?? store.addRelation(one, other);
      relation.setRelations([...new Set([...(relation.labels ?? []), ...labels])]);
    }),
    /** Take one label off a link; the last one takes the link with it. */
    unlink: (id, label) => atOnce(() => {
      const store = annotation().relationStore;
      const relation = store.relations.find((one) => one.id === id);
      const left = (relation.labels ?? []).filter((name) => name !== label);
      if (left.length) relation.setRelations(left); else store.deleteRelation(relation);
    }),

    /** Let a mark begin and end elsewhere; its links and answers stay. As Label Studio does when its handles are
        dragged. */
    setExtent: (id, start, end) => atOnce(() => {
      const region = area(id);
      region.detachHandles();
      region.removeHighlight();
      region.updateGlobalOffsets(start, end);
      region.updateTextOffsets(start, end);
      region.applyHighlight();
      if (region.selected) region.selectRegion();
      region.notifyDrawingFinished();
      region.updateHighlightedText({ force: true });
    }),
    /** Mark what is selected in the text with the label that is active: Label Studio does so when the mouse is let go.
        */
    markSelection: () => document.querySelector(studio.LINES)
      .dispatchEvent(new MouseEvent('mouseup', { bubbles: true })),
    /** Label Studio's wait for the click that ends a drag is over. */
    endDrag: () => document.querySelector(studio.LINES).parentElement
      .dispatchEvent(new MouseEvent('click', { bubbles: true })),
    /** The keys of the labels: ['p', 'shift+p', …]. */
    labelKeys: () => labels().map((label) => label.hotkey.toLowerCase()),
    /** Let the words that are dragged over next have the label of that key. */
    activate(key) {
      const label = labels().find(({ hotkey }) => hotkey.toLowerCase() === key);
      if (!label.selected) label.toggleSelected();
    },

    /** What marks and links are, to be compared by === with what they were: the very same, where nothing changed. */
    snapshots: () => [annotation().areas.toJSON(), annotation().relationStore.toJSON()],
    /** The annotation as it would be sent now. Of 400 marks Label Studio takes a tenth of a second and more to write
        it. */
    result: () => annotation().serializeAnnotation(),
    /** Put a result in the place of all that the annotation has. It can be undone: where nothing can, Label Studio
        takes no Update. */
    replace: (result) => atOnce(() => {
      annotation().deleteAllRegions({ deleteReadOnly: true });
      annotation().deserializeResults(result);
      annotation().updateObjects();
    }),
    submit: () => document.querySelector(studio.SUBMITS)?.click(),
    /** Save a draft now. Label Studio does so by itself only after a mark changed, not after a link did. */
    save: () => { if (!annotation().isDraftSaving) annotation().saveDraft(); },
    /** After a draft that could not be saved Label Studio goes on waiting for it, and never submits. */
    giveUpSaving(opening) { if (numbers.get(annotation()) === opening) annotation().setDraftSaving(false); },
  };
})();
