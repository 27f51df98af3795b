/** Between what is typed in the composer and what Slack transmits. */
import type { Channel, Person } from "./types";

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const unescape = (text: string) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const TOKEN = /(?<url>https?:\/\/[^\s<>|]+)|(?<![\w&])@(?<person>[\w.-]*\w)|(?<![\w&])#(?<channel>[\w-]+)/g;

/** Names become ids, links and all else are escaped. */
export function transmitted(text: string, people: Person[], channels: Channel[]): string {
  let end = 0;
  let sent = "";
  for (const found of text.matchAll(TOKEN)) {
    sent += escape(text.slice(end, found.index)) + entity(found, people, channels);
    end = found.index + found[0].length;
  }
  return sent + escape(text.slice(end));
}

function entity(found: RegExpExecArray, people: Person[], channels: Channel[]): string {
  const { url, person, channel } = found.groups ?? {};
  if (url) return `<${escape(url)}>`;
  if (person && ["channel", "here", "everyone"].includes(person)) return `<!${person}>`;
  const who = person && people.find(({ name }) => name === person);
  if (who) return `<@${who.id}>`;
  const room = channel && channels.find(({ name, is_im }) => !is_im && name === channel);
  return room ? `<#${room.id}>` : escape(found[0]);
}

/** The other way round, to edit what was said. */
export function typed(text: string, people: Person[], channels: Channel[]): string {
  const plain = text.replace(/<([@#!]?)([^>|]+)(?:\|([^>]*))?>/g, (_, sign: string, body: string, label?: string) => {
    if (sign === "@") return `@${people.find(({ id }) => id === body)?.name ?? body}`;
    if (sign === "#") return `#${channels.find(({ id }) => id === body)?.name ?? label ?? body}`;
    if (sign === "!") return `@${body}`;
    return body;
  });
  return unescape(plain);
}

export function initials(person: Person): string {
  const [first = "?", ...rest] = person.real_name.split(" ");
  return (first.charAt(0) + (rest.at(-1)?.charAt(0) ?? "")).toUpperCase();
}

export function listed(names: string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
