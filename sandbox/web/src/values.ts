/** Convert between an element's state in Slack's format and its control's value. */
import type { Channel, Element, Entered, Option, Person, State, Value } from "./types";

export interface Choice {
  value: string;
  label: string;
  detail?: string | undefined;
  group?: string | undefined;
}

const LISTS = /^(multi_|checkboxes)/;

export const holdsList = (element: Element) => LISTS.test(element.type);

/** Returns the element's initial value. */
export function initial(element: Element): Value {
  for (const [name, value] of Object.entries(element)) {
    if (name.startsWith("initial_") && value !== null && value !== undefined) return plain(value);
  }
  return holdsList(element) ? [] : null;
}

export function entered(state: Entered): Value {
  for (const [name, value] of Object.entries(state)) {
    if (name !== "type" && value !== null && value !== undefined) return plain(value);
  }
  return null;
}

function plain(value: unknown): Value {
  if (Array.isArray(value)) return value.map((item) => String(plain(item)));
  if (typeof value === "object") return (value as Option).value;
  return value as Value;
}

/** Returns the choices of a menu or select. */
export function choices(element: Element, state: State, me: Person): Choice[] {
  const kind = element.type.replace(/^multi_/, "");
  switch (kind) {
    case "users_select": {
      const people = state.people.filter((person) => !person.deleted);
      return people.map((person) => ({
        value: person.id,
        label: people.some((other) => other !== person && other.real_name === person.real_name)
          ? `${person.real_name} (${person.name})`
          : person.real_name,
      }));
    }
    case "conversations_select":
    case "channels_select":
      return state.channels
        .filter((channel) => offers(element, channel, me))
        .map((channel) => ({
          value: channel.id,
          label: channel.is_im ? state.app.name : `${channel.is_private ? "🔒 " : "# "}${channel.name}`,
        }));
    default:
      return (element.option_groups ?? [{ label: undefined, options: element.options ?? [] }]).flatMap(
        ({ label, options }) =>
          options.map((option) => ({
            value: option.value,
            label: option.text.text,
            detail: option.description?.text,
            group: label?.text,
          })),
      );
  }
}

/** Returns true if a conversations or channels select offers this channel. */
export function offers(element: Element, channel: Channel, me: Person): boolean {
  if (channel.is_archived) return false;
  if (element.type.endsWith("channels_select")) return !channel.is_private && !channel.is_im;
  const kind = channel.is_im ? "im" : channel.is_private ? "private" : "public";
  if (element.filter?.include && !element.filter.include.includes(kind)) return false;
  if (channel.is_im && element.filter?.exclude_bot_users) return false;
  return kind === "public" || channel.members.includes(me.id);
}
