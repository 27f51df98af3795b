/** The control API of the sandbox, under /_/. */
import type { Ack, Change, Fault, Message, State } from "./types";

export class Refused extends Error {}

async function call<T>(path: string, method = "GET", body?: unknown): Promise<T> {
  const response = await fetch(`/_/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  const content: unknown = await response.json();
  if (!response.ok) throw new Refused((content as { error?: string }).error ?? response.statusText);
  return content as T;
}

const as = (person: string | null) => (person ? `as=${encodeURIComponent(person)}` : "");

export const api = {
  state: (person: string | null) => call<State>(`state?${as(person)}`),
  channel: (person: string, channel: string, limit: number) =>
    call<{ messages: Message[]; more: boolean }>(`channels/${channel}?${as(person)}&limit=${limit}`),
  thread: (person: string, channel: string, ts: string) =>
    call<{ messages: Message[] }>(`channels/${channel}/${ts}?${as(person)}`),
  act: (person: string, action: string, args: Record<string, unknown> = {}) =>
    call<Ack>("act", "POST", { as: person, do: action, ...args }),
  forward: (seconds: number) => call("clock", "POST", { seconds }),
  travel: (to: Date) => call("clock", "POST", { to: to.toISOString() }),
  reset: () => call("reset", "POST", {}),
  file: (person: string, id: string) => `/_/files/${id}?${as(person)}`,
  faults: () => call<{ faults: Fault[] }>("faults"),
  addFault: (fault: Record<string, unknown>) => call<{ faults: Fault[] }>("faults", "POST", fault),
  removeFault: (id: number) => call<{ faults: Fault[] }>(`faults/${id}`, "DELETE"),
};

/** Calls `onChange` at each change, until the returned function is called. */
export function changes(onChange: (change: Change) => void): () => void {
  const source = new EventSource("/_/changes");
  source.onmessage = (event: MessageEvent<string>) => onChange(JSON.parse(event.data) as Change);
  return () => source.close();
}
