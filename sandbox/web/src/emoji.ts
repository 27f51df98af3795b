/** Slack's names of emoji. This module also replaces node-emoji. */
import rows from "virtual:emoji";

export interface Emoji {
  name: string;
  character: string;
  words: string;
}

const TONES = ["🏻", "🏼", "🏽", "🏾", "🏿"];
const byName = new Map<string, string>();
/** In the order of emoji pickers: people first, then nature, food, travel, … */
export const EMOJI: readonly Emoji[] = rows.map(([character, words, , ...names]) => {
  for (const name of names) byName.set(name, character);
  return { name: names[0] ?? "", character, words: `${names.join(" ")} ${words}`.toLowerCase() };
});

/** Returns the character of `name`, which may end in `::skin-tone-3`; an unknown name as it is. */
export function character(name: string): string {
  const [plain = "", tone] = name.split("::skin-tone-");
  const emoji = byName.get(plain);
  if (!emoji) return `:${name}:`;
  return tone ? emoji + (TONES[Number(tone) - 2] ?? "") : emoji;
}

export function search(words: string, most: number): Emoji[] {
  const wanted = words.trim().toLowerCase().replaceAll(":", "");
  if (!wanted) return EMOJI.slice(0, most);
  const byPrefix = EMOJI.filter(({ name }) => name.startsWith(wanted));
  const others = EMOJI.filter(({ name, words }) => !name.startsWith(wanted) && words.includes(wanted));
  return [...byPrefix, ...others].slice(0, most);
}

/** The same as node-emoji's function, for slack-blocks-to-jsx. */
export function emojify(text: string): string {
  return text.replace(/:([\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_+'-]+(?:::skin-tone-[2-6])?):/gu, (_, name: string) => character(name));
}
