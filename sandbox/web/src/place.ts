/** The acting person's place in the page, and its address: ?as=maya&in=help-backend&thread=… */
import { useCallback, useEffect, useState } from "react";

export interface Place {
  /** The name of the acting person. */
  as: string | null;
  /** A channel's name, `home` for the app's Home tab or `messages` for the DM with it. */
  in: string | null;
  thread: string | null;
  /** A message to scroll to. */
  at: string | null;
}

const NAMES = ["as", "in", "thread", "at"] as const;

function read(): Place {
  const params = new URLSearchParams(window.location.search);
  const [as, within, thread, at] = NAMES.map((name) => params.get(name));
  return { as: as ?? null, in: within ?? null, thread: thread ?? null, at: at ?? null };
}

function address(place: Place): string {
  const params = new URLSearchParams();
  for (const name of NAMES) {
    const value = place[name];
    if (value) params.set(name, value);
  }
  return `/?${params}`;
}

export type Go = (to: Partial<Place>, how?: "push" | "replace") => void;

export function usePlace(): [Place, Go] {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const back = () => setPlace(read());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = useCallback<Go>((to, how = "push") => {
    const next = { ...read(), at: null, ...to };
    if (address(next) === address(read())) return;
    window.history[how === "push" ? "pushState" : "replaceState"](null, "", address(next));
    setPlace(next);
  }, []);
  return [place, go];
}

/** Parses a message's permalink in this workspace: /archives/C…/p1700000000000100?thread_ts=… */
export function permalink(href: string): { channel: string; ts: string; thread: string | null } | null {
  const url = URL.parse(href, window.location.href);
  if (url?.host !== window.location.host) return null;
  const match = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(url.pathname);
  if (!match) return null;
  const [, channel = "", seconds, micros] = match;
  return { channel, ts: `${seconds}.${micros}`, thread: url.searchParams.get("thread_ts") };
}
