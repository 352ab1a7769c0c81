/** How lines get onto a terminal without flicker: only what changed is written, in one piece, which terminals that can show at once (DEC mode 2026). */

const ESC = "\u001b[";
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;

/** Takes over the terminal: another screen, no cursor, no wrapping of long lines. */
export const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`;
/** Gives it back as it was. */
export const LEAVE = `${END}${ESC}?7h${ESC}?25h${ESC}0m${ESC}?1049l`;

/** Draws frames of lines; remembers what is on the screen. */
export class Frame {
  #shown: readonly string[] = [];

  /** What to write so that these lines are on the screen, from the top; empty when they are already. */
  draw(lines: readonly string[]): string {
    // Cleared before and not behind: the cursor does not go past the last column, and would take its letter along.
    const changes = lines.flatMap((line, index) => (line === this.#shown[index] ? [] : [`${ESC}${index + 1};1H${ESC}K${line}${ESC}0m`]));
    const left = this.#shown.length > lines.length ? [`${ESC}${lines.length + 1};1H${ESC}J`] : [];
    this.#shown = lines;
    const written = [...changes, ...left].join("");
    return written === "" ? "" : `${BEGIN}${written}${END}`;
  }

  /** What to write when nobody knows what is on the screen; all is drawn anew then. */
  clear(): string {
    this.#shown = [];
    return `${ESC}2J`;
  }
}
