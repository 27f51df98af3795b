/** Loads something, and loads it again whenever the workspace changes. */
import { useEffect, useRef, useState } from "react";
import { changes } from "./api";
import type { Change } from "./types";

type Listener = (change: Change) => void;
const listeners = new Set<Listener>();
let stop: (() => void) | null = null;

/** All parts of the page share one stream. */
export function onChange(tell: Listener): () => void {
  listeners.add(tell);
  stop ??= changes((change) => {
    for (const listener of listeners) listener(change);
  });
  return () => {
    listeners.delete(tell);
    if (!listeners.size) {
      stop?.();
      stop = null;
    }
  };
}

const COALESCE_MS = 40;

/** What `load` answered for this `key`; null until it has, or if there is no key. */
export function useLive<T>(key: string | null, load: () => Promise<T>): T | null {
  const [loaded, setLoaded] = useState<{ key: string; value: T } | null>(null);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    if (key === null) return;
    let [gone, busy, again] = [false, false, false];
    let timer: number | undefined;
    const refresh = async () => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      try {
        const value = await latest.current();
        if (!gone) setLoaded({ key, value });
      } catch {
        // Not there any more, or the sandbox has stopped: the next change tells.
      }
      busy = false;
      if (again && !gone) {
        again = false;
        schedule();
      }
    };
    const schedule = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void refresh(), COALESCE_MS);
    };
    void refresh();
    const forget = onChange(schedule);
    return () => {
      gone = true;
      window.clearTimeout(timer);
      forget();
    };
  }, [key]);

  return loaded && loaded.key === key ? loaded.value : null;
}
