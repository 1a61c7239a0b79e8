export interface Piece {
  text: string;
  isFound: boolean;
}

/** A found text in pieces; ranges are in order and count Unicode code points. */
export function piecesOf(text: string, ranges: readonly (readonly number[])[]): Piece[] {
  const points = Array.from(text);
  const pieces: Piece[] = [];
  const add = (first: number, end: number, isFound: boolean) => {
    if (end > first) pieces.push({ text: points.slice(first, end).join(""), isFound });
  };
  let done = 0;
  for (const [first = 0, end = 0] of ranges) {
    add(done, first, false);
    add(first, end, true);
    done = end;
  }
  add(done, points.length, false);
  return pieces;
}
