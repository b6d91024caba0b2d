// What the scripts beside this one ask of Label Studio's own objects (1.23.2). Nothing else reaches into them.
const studioB = {
  // The annotation that is open for work: no prediction, nothing to be read only, and not while its task is loading.
  annotation() {
    const store = window.Htx, open = store?.annotationStore?.selected;
    const isWork = open && open.type === 'annotation' && open.editable && !store.isLoading && !store.annotationStore.viewingAll;
    return isWork && store.task ? open : null;
  },

  // Of the open task: its number in Label Studio, and its data, as `tasks.data` made them.
  task() {
    const task = window.Htx?.task;
    return task ? { id: Number(task.id), data: task.dataObj ?? JSON.parse(task.data || '{}') } : null;
  },

  // Its marks, by id, and its links: of a mark its label, its place, its words and its answers by the question's name.
  parts(annotation) {
    const marks = new Map(), links = [];
    for (const entry of studioB.lately(annotation)) {
      if (entry.type === 'relation') {
        const [tail, head] = entry.direction === 'left' ? [entry.to_id, entry.from_id] : [entry.from_id, entry.to_id];
        links.push({ tail, head, labels: entry.labels ?? [] });
        continue;
      }
      const { start, end, text, labels, choices, number } = entry.value;
      if (!marks.has(entry.id)) marks.set(entry.id, { id: entry.id, label: '', start, end, words: '', answers: {} });
      const mark = marks.get(entry.id);
      if (entry.type === 'labels') Object.assign(mark, { label: labels[0], words: text ?? '' });
      else mark.answers[entry.from_name] = choices?.[0] ?? number ?? text?.[0] ?? text;
    }
    return { marks, links };
  },

  // Select a mark and bring it into view.
  select(annotation, id) {
    const region = annotation.regions.find((found) => found.cleanId === id);
    if (!region) return;
    annotation.regionStore.unselectAll();
    annotation.selectArea(region);
    region.getRegionElement()?.scrollIntoView({ block: 'center' });
  },

  // Whether the configuration has that question.
  asks: (annotation, question) => annotation.names.has(question),

  // Select a mark and answer a question of it, as a click on the answer does; an answer that is given stays.
  answer(annotation, id, question, value) {
    studioB.select(annotation, id);
    const choice = annotation.names.get(question).children.find((found) => found._value === value);
    if (annotation.regions.some((region) => region.cleanId === id) && !choice.sel) choice.toggleSelected();
  },

  // The class that each mark is drawn with, by its id.
  classNames: (annotation) => new Map(annotation.regions.map((region) => [region.cleanId, region.className])),

  // The layer of each label, as config.py wrote it into the configuration.
  layers() {
    const page = document.querySelector('.acre');
    const written = page ? getComputedStyle(page).getPropertyValue('--acre-schema').trim() : '';
    return written ? JSON.parse(written).layers : {};
  },

  // The one mark that is selected: its id and its place.
  selected(annotation) {
    const region = annotation.selectedRegions.length === 1 ? annotation.selectedRegions[0] : null;
    return region ? { id: region.cleanId, start: region.startOffset, end: region.endOffset } : null;
  },

  // The marks that stand as they were suggested: how each is drawn, how sure the extractor was, and all that is said of it.
  offered(annotation) {
    const links = (region) => annotation.relationStore.relations.filter(({ node1 }) => node1 === region)
      .map(({ node2, labels }) => [node2.id, ...(labels ?? [])]);
    return annotation.regions.filter((region) => region.origin === 'prediction').map((region) => ({
      id: region.cleanId,
      start: region.startOffset,
      end: region.endOffset,
      className: region.className,
      colour: region.getOneColor?.() ?? 'currentColor',
      score: region.score ?? region.results.find((found) => typeof found.score === 'number')?.score ?? null,
      state: JSON.stringify([region.startOffset, region.endOffset, region.results.map((found) => found.mainValue), links(region)]),
    }));
  },

  // From now on it is the annotator's, as where Label Studio sees its extent changed.
  own: (annotation, id) => annotation.regions.find((region) => region.cleanId === id)?.updateOriginOnEdit(),

  // The buttons that submit what is open.
  SUBMITS: '[data-testid=bottombar-submit-button], [data-testid=bottombar-update-button]',
  submit: () => document.querySelector(studioB.SUBMITS)?.click(),

  // As it would be sent now.
  result(annotation) {
    const result = annotation.serializeAnnotation();
    studioB._last = { annotation, result, at: Date.now() };
    return result;
  },

  // As it was a moment ago at the latest: of 400 marks Label Studio takes a tenth of a second and more to write them.
  lately(annotation) {
    const { annotation: of, result, at } = studioB._last ?? {};
    return of === annotation && Date.now() - at < 250 ? result : studioB.result(annotation);
  },

  // Its number on the server.
  key: (annotation) => annotation.pk ?? 'new',

  // Put a result in the place of all that the annotation has, as Label Studio does when it opens a draft.
  replace(annotation, result) {
    annotation.history.freeze();
    annotation.deleteAllRegions({ deleteReadOnly: true });
    annotation.deserializeResults(result);
    annotation.updateObjects();
    annotation.history.safeUnfreeze();
    annotation.history.reinit();
  },

  // Save a draft now. Label Studio does so by itself only after a mark changed, not after a link did.
  save: (annotation) => { if (!annotation.isDraftSaving) annotation.saveDraft(); },

  // After a draft that could not be saved Label Studio goes on waiting for it, and never submits.
  giveUpSaving(annotation) { if (annotation === window.Htx?.annotationStore?.selected) annotation.setDraftSaving(false); },
};
