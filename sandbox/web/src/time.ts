/** Times in the acting person's zone. */

const cache = new Map<string, Intl.DateTimeFormat>();

export function format(at: Date, tz: string, options: Intl.DateTimeFormatOptions): string {
  const key = tz + JSON.stringify(options);
  let formatter = cache.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-GB", { timeZone: tz, ...options });
    cache.set(key, formatter);
  }
  return formatter.format(at);
}

export const dateOf = (ts: string) => new Date(Number(ts) * 1000);

export const clockTime = (at: Date, tz: string) =>
  format(at, tz, { hour: "2-digit", minute: "2-digit" });

/** Returns a day such as 2026-11-22, for comparisons and date inputs. */
export function isoDay(at: Date, tz: string): string {
  const [day, month, year] = format(at, tz, {
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
  }).split("/");
  return `${year}-${month}-${day}`;
}

const DAY = 86_400_000;

export function dayName(at: Date, now: Date, tz: string): string {
  const day = isoDay(at, tz);
  if (day === isoDay(now, tz)) return "Today";
  if (day === isoDay(new Date(now.getTime() - DAY), tz)) return "Yesterday";
  return format(at, tz, { weekday: "long", day: "numeric", month: "long" });
}

/** Formats a date like Slack: tokens in braces, "pretty" ones with "today" and "tomorrow". */
export function formatted(at: Date, now: Date, tz: string, text: string): string {
  const days = Math.round((Date.parse(isoDay(at, tz)) - Date.parse(isoDay(now, tz))) / DAY);
  const near = { [-1]: "yesterday", 0: "today", 1: "tomorrow" }[days];
  const long = format(at, tz, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const date = format(at, tz, { day: "numeric", month: "long", year: "numeric" });
  const tokens: Record<string, string> = {
    "{date_long_pretty}": near ?? long,
    "{date_long}": long,
    "{date_pretty}": near ?? date,
    "{date}": date,
    "{time}": clockTime(at, tz),
  };
  return text.replace(/\{\w+\}/g, (token) => tokens[token] ?? token);
}

export function ago(at: Date, now: Date, tz: string): string {
  return `${dayName(at, now, tz).replace(/^(Today|Yesterday)/, (day) => day.toLowerCase())} at ${clockTime(at, tz)}`;
}

/** Returns the instant at which a clock in `tz` shows this; a skipped time moves forward. */
export function instant(day: string, time: string, tz: string): Date {
  const wall = Date.parse(`${day}T${time}:00Z`);
  const wallAt = (at: number) => {
    const there = new Date(at);
    return Date.parse(`${isoDay(there, tz)}T${clockTime(there, tz)}:00Z`);
  };
  const guess = wall - (wallAt(wall) - wall);
  return new Date(guess - (wallAt(guess) - wall));
}

export function nextMonday(now: Date, tz: string): Date {
  const today = Date.parse(`${isoDay(now, tz)}T00:00:00Z`);
  const days = (8 - new Date(today).getUTCDay()) % 7 || 7;
  return instant(new Date(today + days * DAY).toISOString().slice(0, 10), "09:00", tz);
}
