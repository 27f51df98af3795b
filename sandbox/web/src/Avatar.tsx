/** A person's picture: their initials on a colour of their own. */
import { initials } from "./text";
import type { Person } from "./types";

const COLOURS = ["#8a3b12", "#1d5c8f", "#3f6212", "#7a2e62", "#5b3fa6", "#9b2335", "#0f5e5a", "#6b4a00"];

function colour(id: string): string {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return COLOURS[sum % COLOURS.length] ?? "#444";
}

/** It stands beside a name, so screen readers skip it. */
export function Avatar({ person, small = false }: { person: Person | undefined; small?: boolean }) {
  const classes = ["avatar", small && "small", person?.is_bot && "app"];
  return (
    <span
      className={classes.filter(Boolean).join(" ")}
      style={person && !person.is_bot ? { background: colour(person.name) } : undefined}
      aria-hidden="true"
    >
      {person ? initials(person) : "S"}
    </span>
  );
}
