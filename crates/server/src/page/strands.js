// Two strands: joined by "&" in what is sent and said, without it in what the page counts bases of.

const MARK = "&";

/** A text of one character for each base, with the mark before the base `nick`, if there is one. */
export function joined(text, nick) {
  return nick === undefined ? text : text.slice(0, nick) + MARK + text.slice(nick);
}

/** A text without the mark. */
export function plain(text) {
  return text.replace(MARK, "");
}

function withTexts(result, change) {
  const { sequence, structure, alternatives } = result;
  const others = alternatives && { alternatives: alternatives.map((one) => ({ ...one, structure: change(one.structure) })) };
  return { ...result, sequence: change(sequence), structure: change(structure), ...others };
}

/** A result of the server, its texts without the mark; `nick` says where it was. */
export function parted(result) {
  const nick = result.error ? -1 : result.sequence.indexOf(MARK);
  return nick < 0 ? result : { ...withTexts(result, plain), nick };
}

/** The result as the server gave it. */
export function whole(result) {
  const { nick, ...rest } = result;
  return nick === undefined ? result : withTexts(rest, (text) => joined(text, nick));
}
