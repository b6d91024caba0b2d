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

  // As it would be sent now.
  result: (annotation) => annotation.serializeAnnotation(),

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
