/** Convert between the composer's text and the text that Slack transmits. */
import type { Channel, Person } from "./types";

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const unescape = (text: string) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const TOKEN = /(?<url>https?:\/\/[^\s<>|]+)|(?<![\w&])@(?<person>[\w.-]*\w)|(?<![\w&])#(?<channel>[\w-]+)/g;

/** Returns typed text with names as ids, links as tokens, and the rest escaped. */
export function transmitted(text: string, people: Person[], channels: Channel[]): string {
  let end = 0;
  let sent = "";
  for (const match of text.matchAll(TOKEN)) {
    sent += escape(text.slice(end, match.index)) + entity(match, people, channels);
    end = match.index + match[0].length;
  }
  return sent + escape(text.slice(end));
}

function entity(match: RegExpExecArray, people: Person[], channels: Channel[]): string {
  const { url, person, channel } = match.groups ?? {};
  if (url) return `<${escape(url)}>`;
  if (person && ["channel", "here", "everyone"].includes(person)) return `<!${person}>`;
  const mentioned = person && people.find(({ name }) => name === person);
  if (mentioned) return `<@${mentioned.id}>`;
  const room = channel && channels.find(({ name, is_im }) => !is_im && name === channel);
  return room ? `<#${room.id}>` : escape(match[0]);
}

/** Returns transmitted text as it was typed, to be edited. */
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

export const count = (n: number, singular: string, plural = `${singular}s`) =>
  `${n} ${n === 1 ? singular : plural}`;
