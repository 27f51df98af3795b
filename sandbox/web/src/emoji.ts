/** Slack's names of emoji. Stands in for node-emoji, too. */
import rows from "virtual:emoji";

export interface Emoji {
  name: string;
  character: string;
  words: string;
}

const TONES = ["🏻", "🏼", "🏽", "🏾", "🏿"];
const byName = new Map<string, string>();
/** In groups: people first, then nature, food, travel, … as pickers show them. */
export const EMOJI: readonly Emoji[] = rows.map(([character, words, , ...names]) => {
  for (const name of names) byName.set(name, character);
  return { name: names[0] ?? "", character, words: `${names.join(" ")} ${words}`.toLowerCase() };
});

/** The character of `name`, which may end in `::skin-tone-3`; the name if nobody knows it. */
export function character(name: string): string {
  const [plain = "", tone] = name.split("::skin-tone-");
  const found = byName.get(plain);
  if (!found) return `:${name}:`;
  return tone ? found + (TONES[Number(tone) - 2] ?? "") : found;
}

export function search(words: string, most: number): Emoji[] {
  const wanted = words.trim().toLowerCase().replaceAll(":", "");
  if (!wanted) return EMOJI.slice(0, most);
  const named = EMOJI.filter(({ name }) => name.startsWith(wanted));
  const others = EMOJI.filter(({ name, words }) => !name.startsWith(wanted) && words.includes(wanted));
  return [...named, ...others].slice(0, most);
}

/** As node-emoji's, for the blocks' library. */
export function emojify(text: string): string {
  return text.replace(/:([\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_+'-]+(?:::skin-tone-[2-6])?):/gu, (_, name: string) => character(name));
}
