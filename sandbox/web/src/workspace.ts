/** What every part of the page shares: who acts, what they see, what they can do. */
import { createContext, useContext } from "react";
import type { Go, Place } from "./place";
import type { Ack, Channel, Person, State } from "./types";

export interface Workspace {
  state: State;
  me: Person;
  /** The acting person's time zone. */
  zone: string;
  place: Place;
  go: Go;
  /** The sandbox's time, which runs on and can be moved. */
  now: () => Date;
  /** Does it as the acting person; what is refused is shown and answered as `failed`. */
  act: (deed: string, given?: Record<string, unknown>) => Promise<Ack>;
  /** Says something that goes away by itself. */
  tell: (text: string) => void;
  /** Shows a line that only the acting person sees, until the page is loaded again. */
  whisper: (channel: string, text: string, thread?: string) => void;
  /** Opens a link: a message of this workspace here, all else in a new window. */
  follow: (href: string) => boolean;
}

export const WorkspaceContext = createContext<Workspace | null>(null);

export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (!workspace) throw new Error("outside of the workspace");
  return workspace;
}

export const personOf = (state: State, id: string | undefined) =>
  state.people.find((person) => person.id === id);

export const nameOf = (state: State, id: string | undefined) =>
  personOf(state, id)?.real_name ?? "Slackbot";

export const channelOf = (state: State, id: string): Channel | undefined =>
  state.channels.find((channel) => channel.id === id);

export const dmOf = (state: State, me: Person): Channel | undefined =>
  state.channels.find((channel) => channel.is_im && channel.members.includes(me.id));
