/** Shared by every part of the page: the acting person, the state and the actions. */
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
  /** Acts as the acting person; an error is shown, and returned as `failed`. */
  act: (action: string, args?: Record<string, unknown>) => Promise<Ack>;
  /** Shows a notice for some seconds. */
  notify: (text: string) => void;
  /** Shows an ephemeral message to the acting person, until the page is reloaded. */
  showEphemeral: (channel: string, text: string, thread?: string) => void;
  /** Opens a link to a message of this workspace here; returns false for other links. */
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
