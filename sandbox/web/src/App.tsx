/** The page: who acts and where they are, and what that shows. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, Refused } from "./api";
import { AppPane } from "./AppPane";
import { ChannelPane } from "./ChannelPane";
import { useDrafts } from "./drafts";
import { Header } from "./Header";
import { useLive } from "./live";
import { Modal } from "./Modal";
import { permalink, usePlace, type Go, type Place } from "./place";
import { Sidebar } from "./Sidebar";
import { ThreadPane } from "./ThreadPane";
import type { Ack, Person, State } from "./types";
import { WhispersContext, type Whisper } from "./Whispers";
import { channelOf, dmOf, useWorkspace, WorkspaceContext, type Workspace } from "./workspace";

const TOLD_MS = 6000;

/** Ids by name: they stay until the workspace is reset. */
const ids = new Map<string, string>();
let isFirst = true;

function whoActs(state: State, name: string | null): Person | undefined {
  const people = state.people.filter((person) => !person.is_bot && !person.deleted);
  return people.find((person) => person.name === name) ?? people[0];
}

async function load(name: string | null): Promise<State> {
  const known = name && ids.get(name);
  if (known) {
    try {
      return await api.state(known);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      ids.clear();
    }
  }
  const everyone = await api.state(null);
  const who = whoActs(everyone, name);
  if (!who) return everyone;
  ids.set(who.name, who.id);
  if (isFirst) await startAfresh(who);
  isFirst = false;
  return api.state(who.id);
}

/** As in Slack: what only one person sees, and what they had open, is gone when they load the page. */
async function startAfresh({ id }: Person) {
  await api.act(id, "reload");
  const { view } = await api.state(id);
  if (view) await api.act(id, "close_view", { view_id: view.id, clear: true });
}

export function App() {
  const [place, go] = usePlace();
  const state = useLive(`as ${place.as}`, () => load(place.as));
  const shown = useRef(state);
  // Until another person's view is there, the page stays as it is.
  shown.current = state ?? shown.current;
  const me = shown.current && whoActs(shown.current, place.as);
  if (!shown.current || !me) return <p className="waiting">The workspace is being set up …</p>;
  return <Page state={shown.current} me={me} place={place} go={go} />;
}

function Page({ state, me, place, go }: { state: State; me: Person; place: Place; go: Go }) {
  const [told, setTold] = useState<string | null>(null);
  const [whispers, setWhispers] = useState<Whisper[]>([]);

  useEffect(() => {
    if (!told) return;
    const timer = window.setTimeout(() => setTold(null), TOLD_MS);
    return () => window.clearTimeout(timer);
  }, [told]);

  const ahead = useMemo(() => Date.parse(state.now) - Date.now(), [state.now]);
  const now = useCallback(() => new Date(Date.now() + ahead), [ahead]);

  const workspace = useMemo<Workspace>(() => {
    const act = async (deed: string, given?: Record<string, unknown>): Promise<Ack> => {
      try {
        return await api.act(me.id, deed, given);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        setTold(`That's not possible: ${error.message}.`);
        return { failed: error.message };
      }
    };
    const follow = (href: string): boolean => {
      const found = permalink(href);
      const channel = found && channelOf(state, found.channel);
      if (!found || !channel) return false;
      const within = channel.is_im ? "messages" : channel.name;
      go({ in: within, thread: found.thread, at: found.ts });
      return true;
    };
    return {
      state,
      me,
      zone: me.tz ?? "UTC",
      place,
      go,
      now,
      act,
      follow,
      tell: setTold,
      whisper: (channel, text, thread) =>
        setWhispers((all) => [...all, { person: me.id, channel, thread, text, at: now() }]),
    };
  }, [state, me, place, go, now]);

  return (
    <WorkspaceContext value={workspace}>
      <WhispersContext value={whispers}>
        <Layout />
        <div className="toast" role="status">
          {told}
        </div>
      </WhispersContext>
    </WorkspaceContext>
  );
}

function Layout() {
  const { state, me, place, go, follow } = useWorkspace();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const dm = dmOf(state, me);
  const tab = place.in === "home" || place.in === "messages" ? place.in : null;
  const rooms = state.channels.filter((channel) => !channel.is_im);
  const named = rooms.find((channel) => channel.name === place.in);
  const channel = tab ? dm : (named ?? rooms.find(({ joined, has_bot }) => joined && has_bot) ?? rooms[0]);
  const drafts = useDrafts(channel?.id ?? null);

  // The address says where one is, also when nothing was chosen yet.
  useEffect(() => {
    if (window.location.pathname !== "/") return;
    const within = tab ?? channel?.name ?? null;
    if (place.as !== me.name || place.in !== within) {
      go({ as: me.name, in: within, thread: within === place.in ? place.thread : null, at: place.at }, "replace");
    }
  }, [me.name, tab, channel?.name, place]);

  // A permalink that was opened in a window of its own.
  useEffect(() => {
    if (window.location.pathname !== "/") follow(window.location.href);
  }, []);

  useEffect(() => setMenuOpen(false), [place]);

  useEffect(() => {
    const title = tab ? state.app.name : `#${channel?.name ?? ""}`;
    document.title = `${title} · ${me.real_name} · ${state.team.name}`;
  }, [tab, channel?.name, me.real_name]);

  return (
    <div className={`page ${isMenuOpen ? "menu-open" : ""} ${place.thread && channel ? "with-thread" : ""}`}>
      <Header onMenu={() => setMenuOpen(!isMenuOpen)} />
      <Sidebar onGo={() => setMenuOpen(false)} />
      <main>
        {tab && <AppPane tab={tab} drafts={drafts} />}
        {!tab && channel && <ChannelPane channel={channel} />}
        {!tab && !channel && <p className="empty">There are no channels yet.</p>}
      </main>
      {place.thread && channel && (
        <aside className="side" aria-label="Thread">
          <ThreadPane key={place.thread} channel={channel} ts={place.thread} />
        </aside>
      )}
      {state.view && <Modal view={state.view} drafts={drafts} />}
    </div>
  );
}
