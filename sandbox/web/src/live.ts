/** Loads data, and loads it again whenever the workspace changes. */
import { useEffect, useRef, useState } from "react";
import { changes } from "./api";
import type { Change } from "./types";

type Listener = (change: Change) => void;
const listeners = new Set<Listener>();
let stop: (() => void) | null = null;

/** Adds a listener to the page's only stream of changes; the returned function removes it. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  stop ??= changes((change) => {
    for (const each of listeners) each(change);
  });
  return () => {
    listeners.delete(listener);
    if (!listeners.size) {
      stop?.();
      stop = null;
    }
  };
}

const COALESCE_MS = 40;

/** Returns the result of `load` for this `key`; null before it is there, or without a key. */
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
        // The data is gone, or the sandbox has stopped: the next change loads it again.
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
    const unsubscribe = onChange(schedule);
    return () => {
      gone = true;
      window.clearTimeout(timer);
      unsubscribe();
    };
  }, [key]);

  return loaded && loaded.key === key ? loaded.value : null;
}
