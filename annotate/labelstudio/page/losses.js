// Nothing that was done on the page is lost: what the server does not have yet is told, kept in this browser under the
// desk, the task and the annotation, offered at the next opening, and dropped once the server has it.
function watchLosses({ desk }) {
  const PREFIX = `acre:unsaved:${desk}:`;
  const SAVING = 6000; // Label Studio saves five seconds after an edit; what waits longer is saved from here

  // What counts of a result: its words are the article's, and follow from the offsets.
  const printed = (entry) => {
    if (entry.type === 'relation') return [entry.from_id, entry.to_id, entry.direction, entry.labels || []];
    const { start, end, labels, choices, number, text } = entry.value;
    const answer = entry.type === 'textarea' ? text : null;
    return [entry.id, entry.from_name, entry.origin, start, end, labels, choices, number, answer];
  };
  const print = (result) => JSON.stringify((result || []).map((entry) => JSON.stringify(printed(entry))).sort());

  // An annotation that was opened on this page. `saved`: what the server has; `last`: what the page has; `touched`:
  // whether anybody did anything since it was opened.
  let session = null;
  const isUnsaved = (of = session) => Boolean(of?.touched && of.last !== of.saved);
  const open = () => {
    const opening = studio.opening(), task = studio.task();
    if (opening === null || !task) return null;
    if (session?.opening !== opening || session.task.id !== task.id) {
      if (session) post('gone', session);
      const id = Math.random().toString(36).slice(2);
      session = { id, opening, task, opened: Date.now(), touched: false, heard: 0, others: new Set() };
      for (const name of ['copy', 'tab']) notices.hide(name);
      post('who', session);
    }
    return session;
  };

  const keys = (prefix) => {
    try { return Object.keys(localStorage).filter((key) => key.startsWith(prefix)); } catch (error) { return []; }
  };
  const drop = (of) => keys(`${PREFIX}${of.task.id}:`).filter((key) => key.endsWith(`:${of.id}`))
    .forEach((key) => localStorage.removeItem(key));
  const keep = (of) => {
    const { article, sha256 } = of.task.data;
    const copy = { article, sha256, at: new Date().toISOString(), result: of.result };
    try {
      localStorage.setItem(`${PREFIX}${of.task.id}:${studio.key()}:${of.id}`, JSON.stringify(copy));
      of.isKept = true;
    } catch (error) { of.isKept = false; } // it is full, or the browser keeps nothing
  };

  // What the page has, read anew where anything of it changed.
  const look = (of) => {
    const snapshots = studio.snapshots();
    if (of.snapshots?.every((snapshot, part) => snapshot === snapshots[part])) return;
    Object.assign(of, { snapshots, result: studio.result() });
    const seen = print(of.result);
    if (seen !== of.last) Object.assign(of, { last: seen, since: Date.now() });
  };
  // Compare the page with the server, keep a copy of what the server lacks, and say so.
  const check = () => {
    const now = open();
    if (now) {
      look(now);
      if (!now.touched) now.saved = now.last;
      if (isUnsaved()) keep(now); else drop(now);
    }
    tell();
  };
  const tell = () => {
    if (!isUnsaved()) { notices.hide('saved'); return; }
    const where = session.isKept ? 'A copy is kept in this browser.' : 'This browser keeps no copy: stay on the page.';
    notices.show('saved', session.failed
      ? `Not saved: the server does not take it. ${where} It is tried again every few seconds.`
      : `Not saved yet. ${where}`);
  };

  // Whatever is done on the page begins by a key or by the mouse: until the first, the page has what the server has.
  let due = null;
  const touch = () => {
    const now = open();
    if (now && !now.touched) { check(); now.touched = true; }
    clearTimeout(due);
    // Label Studio does some things a moment later.
    const later = (wait, next) => { due = setTimeout(() => whenIdle(() => { check(); next?.(); }), wait); };
    later(300, () => later(700));
  };
  for (const kind of ['keydown', 'keyup', 'pointerdown', 'pointerup', 'input', 'drop']) {
    window.addEventListener(kind, touch, true);
  }
  for (const kind of ['pagehide', 'popstate', 'visibilitychange']) window.addEventListener(kind, check, true);
  window.addEventListener('beforeunload', (event) => {
    check();
    if (isUnsaved()) { event.preventDefault(); event.returnValue = ''; }
  });

  // What the server took is known by what was sent to it.
  const SAVES = /^\/api\/(tasks\/\d+\/(drafts|annotations(\/\d+\/drafts)?)|drafts\/\d+|annotations\/\d+)\/?$/;
  const fetched = window.fetch;
  let sends = 0;
  window.fetch = async function (...given) {
    const [input, init] = given;
    const method = (init?.method ?? input?.method ?? 'GET').toUpperCase();
    const { pathname } = new URL(input?.url ?? input, location.href);
    if (method === 'GET' || !SAVES.test(pathname)) return fetched.apply(this, given);
    if (session) check();
    const of = session, number = ++sends;
    let sent = null;
    try { sent = print(JSON.parse(init.body).result); } catch (error) {} // what is deleted sends nothing
    const settle = (isTaken) => {
      if (!of || number < of.heard) return;
      of.heard = number;
      of.failed = !isTaken;
      if (!isTaken) studio.giveUpSaving(of.opening);
      else if (sent !== null) of.saved = sent;
      else of.touched = false; // a draft was thrown away: what is left is what the server has
      if (!isUnsaved(of)) drop(of);
      tell();
    };
    try {
      const answer = await fetched.apply(this, given);
      settle(answer.ok);
      return answer;
    } catch (error) {
      settle(false);
      throw error;
    }
  };

  // Tabs of one desk tell each other what they have open: the second says so, and what is open is not lost.
  const alive = new Set();
  const tabs = 'BroadcastChannel' in window ? new BroadcastChannel(`acre:${desk}`) : null;
  const post = (kind, of) => tabs?.postMessage({ kind, task: of.task.id, id: of.id });
  tabs?.addEventListener('message', ({ data: { kind, task, id } }) => {
    if (kind === 'gone') alive.delete(id); else alive.add(id);
    if (session && kind === 'gone') session.others.delete(id);
    else if (session && kind === 'who') post('here', session);
    else if (session?.task.id === task) session.others.add(id);
    if (!session?.others.size) notices.hide('tab');
    else notices.show('tab', 'This article is open in another tab too; the last save replaces the other: close one.');
  });
  window.addEventListener('pagehide', () => { if (session) post('gone', session); });

  // What an earlier page could not save is offered; what the server has by now is dropped.
  const offer = () => {
    const now = open();
    if (!now) return;
    look(now);
    const has = now.result;
    const isOpenElsewhere = (id) => id === now.id || alive.has(id);
    const copies = keys(`${PREFIX}${now.task.id}:`).filter((key) => !isOpenElsewhere(key.split(':').pop()))
      .map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) }))
      .filter((copy) => copy.sha256 === now.task.data.sha256)
      .sort((one, other) => other.at.localeCompare(one.at));
    for (const copy of copies) if (print(copy.result) === print(has)) localStorage.removeItem(copy.key);
    const copy = copies.find(({ result }) => print(result) !== print(has));
    if (!copy) { notices.hide('copy'); return; }
    const count = (result, type) => result.filter((entry) => entry.type === type).length;
    const told = (result) => `${count(result, 'labels')} marks and ${count(result, 'relation')} links`;
    const done = () => { localStorage.removeItem(copy.key); offer(); };
    const when = new Date(copy.at).toLocaleString();
    const counts = `${told(copy.result)}; the page has ${told(has)}`;
    notices.show('copy', `Not saved on ${when}, and kept in this browser: ${counts}.`, {
      'Use the copy': () => { studio.replace(copy.result); now.touched = true; check(); done(); },
      'Delete the copy': () => { if (window.confirm('Delete the copy? This can’t be undone.')) done(); },
    });
  };

  // Whether another task was opened; and what waits too long is saved, after a failure too.
  setInterval(() => {
    const now = open();
    if (!now) return;
    if (!now.isOffered && Date.now() - now.opened > 500) { now.isOffered = true; offer(); }
    if (!isUnsaved() || Date.now() - Math.max(now.since, now.tried ?? 0) < SAVING) return;
    now.tried = Date.now();
    studio.save();
  }, 1000);
}
