// The browser's selection in the article, in code points. Each line is an element; the break between two is one more.
const selection = (() => {
  const lines = () => [...document.querySelectorAll(studio.LINES)];
  const starts = () => {
    let at = 0;
    return studio.text().split('\n').map((line) => { const start = at; at += [...line].length + 1; return start; });
  };
  function offset(node, within, among) {
    const range = document.createRange();
    const isBefore = (line) => { range.selectNodeContents(line); return range.comparePoint(node, within) >= 0; };
    const index = among.findLastIndex(isBefore);
    if (index < 0) return 0;
    range.selectNodeContents(among[index]);
    if (range.isPointInRange(node, within)) range.setEnd(node, within);
    return starts()[index] + [...range.toString()].length;
  }
  function place(at, isEnd) {
    const index = starts().findLastIndex((start) => start <= at);
    const walker = document.createTreeWalker(lines()[index], NodeFilter.SHOW_TEXT);
    let left = at - starts()[index];
    for (let node; (node = walker.nextNode());) {
      const letters = [...node.data];
      if (left < letters.length || (isEnd && left === letters.length)) {
        return [node, letters.slice(0, left).join('').length];
      }
      left -= letters.length;
    }
    return [lines()[index], lines()[index].childNodes.length];
  }

  /** The words that are selected in the article: { start, end }, or null. */
  function get() {
    const chosen = window.getSelection();
    if (!chosen.rangeCount || chosen.isCollapsed) return null;
    const all = lines();
    const range = chosen.getRangeAt(0);
    if (!all[0]?.parentElement.contains(range.commonAncestorContainer)) return null;
    const [start, end] = [
      offset(range.startContainer, range.startOffset, all), offset(range.endContainer, range.endOffset, all),
    ];
    return start < end ? { start, end } : null;
  }
  function set({ start, end }) {
    window.getSelection().setBaseAndExtent(...place(start, false), ...place(end, true));
  }
  const clear = () => window.getSelection().removeAllRanges();
  /** Where the start of the selection is a line up or down. */
  function lineAway(step) {
    const chosen = window.getSelection();
    chosen.collapseToStart();
    chosen.modify('move', step > 0 ? 'forward' : 'backward', 'line');
    return offset(chosen.focusNode, chosen.focusOffset, lines());
  }
  /** Scroll it into view where it is not. */
  const show = () => window.getSelection().focusNode?.parentElement?.scrollIntoView({ block: 'nearest' });
  return { get, set, clear, lineAway, show };
})();
