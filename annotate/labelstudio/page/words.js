// What a word is, as annotate/model/text.py says it: hyphens, and apostrophes inside a name, join; a possessive or a
// contraction (’s, ’ll) is a piece of its own, and so is each other sign. Offsets count code points.
const words = (() => {
  // Scripts that set no blanks between words: each letter is a piece.
  const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar', 'Tibetan']
    .map((name) => `\\p{Script=${name}}`).join('');
  const LETTER = `(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}])`;
  const JOINED = `(?:[-‐‑]|['’](?=\\p{L}{3})|(?<=\\p{N})[.,:](?=\\p{N}))`;
  const CONTRACTED = `(?<=${LETTER})['’]\\p{L}{1,2}(?!${LETTER})`;
  const UNIT = new RegExp(`${LETTER}+(?:${JOINED}${LETTER}+)*|${CONTRACTED}|\\S`, 'gu');
  const POSSESSIVE = /^['’]s$/i;
  let read = null, units = [];

  /** The pieces of the text: { start, end, letters, isWord }. */
  function pieces(text) {
    if (text === read) return units;
    let at = 0, offset = 0;
    units = [...text.matchAll(UNIT)].map(({ 0: letters, index }) => {
      offset += [...text.slice(at, index)].length;
      const start = offset;
      offset += [...letters].length;
      at = index + letters.length;
      return { start, end: offset, letters, isWord: /^[\p{L}\p{N}]/u.test(letters) };
    });
    read = text;
    return units;
  }
  /** The same words without half ones at the ends, blanks around them or a possessive after them; null where none is
      left. */
  function snapped(text, { start, end }) {
    const touched = pieces(text).filter((piece) => piece.start < end && piece.end > start);
    if (touched.length > 1 && POSSESSIVE.test(touched.at(-1).letters)) touched.pop();
    return touched.length ? { start: touched[0].start, end: touched.at(-1).end } : null;
  }
  /** The extent with its start or its end moved by one piece, forth (1) or back (-1); the same where it can't be. */
  function moved(text, { start, end }, side, step) {
    const edges = pieces(text).map((piece) => piece[side]);
    const from = side === 'start' ? start : end;
    const to = step > 0 ? edges.find((edge) => edge > from) : edges.findLast((edge) => edge < from);
    const next = { start, end, [side]: to ?? from };
    return next.start < next.end ? next : { start, end };
  }
  /** The word that begins after an offset (1), or the one before it (-1). */
  function next(text, offset, step) {
    const all = pieces(text).filter((piece) => piece.isWord);
    return step > 0 ? all.find((word) => word.start >= offset) : all.findLast((word) => word.end <= offset);
  }
  /** The word at an offset; where none is, the one after it (1) or before it (-1). */
  function at(text, offset, step) {
    const all = pieces(text).filter((piece) => piece.isWord);
    return (step > 0 ? all.find((word) => word.end > offset) : all.findLast((word) => word.start <= offset))
      ?? all.at(step > 0 ? -1 : 0);
  }
  return { pieces, snapped, moved, next, at };
})();
