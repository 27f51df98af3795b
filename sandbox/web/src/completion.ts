/** The composer's proposals for the word before the caret. */
import { search } from "./emoji";
import type { Command, State } from "./types";

export interface Proposal {
  insert: string;
  label: string;
  detail: string;
}

export interface Completion {
  /** The start of the word that a proposal replaces. */
  from: number;
  proposals: Proposal[];
}

const MOST = 8;

/** The commands of Slack's own client. */
export const BUILT_IN: Command[] = [
  { name: "/invite", description: "Add someone to this channel", usage_hint: "@name" },
  { name: "/remove", description: "Remove someone from this channel", usage_hint: "@name" },
  { name: "/leave", description: "Leave this channel", usage_hint: "" },
];

export function complete(before: string, state: State): Completion | null {
  if (/^\/\S*$/.test(before)) {
    const proposals = [...state.commands, ...BUILT_IN]
      .filter(({ name }) => name.startsWith(before))
      .map(({ name, description, usage_hint }) => ({
        insert: `${name} `,
        label: `${name} ${usage_hint}`,
        detail: description,
      }));
    return { from: 0, proposals };
  }
  const match = /(?:^|\s)([@#:])([\w.+-]*)$/.exec(before);
  if (!match) return null;
  const [, sign, word = ""] = match;
  const from = before.length - word.length - 1;
  if (sign === ":") {
    const proposals = word.length < 2 ? [] : search(word, MOST).map(({ name, character }) => ({
      insert: `:${name}: `,
      label: `${character} :${name}:`,
      detail: "",
    }));
    return { from, proposals };
  }
  const wanted = word.toLowerCase();
  const all =
    sign === "@"
      ? state.people
          .filter((person) => !person.deleted)
          .map(({ name, real_name }) => ({ insert: `@${name} `, label: `@${name}`, detail: real_name }))
      : state.channels
          .filter((channel) => !channel.is_im)
          .map(({ name, purpose }) => ({ insert: `#${name} `, label: `#${name}`, detail: purpose?.value ?? "" }));
  const fits = ({ label, detail }: Proposal) =>
    label.slice(1).startsWith(wanted) || (sign === "@" && detail.toLowerCase().includes(wanted));
  return { from, proposals: all.filter(fits).slice(0, MOST) };
}
