/** The page: the acting person, their place, and its contents. */
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
import { EphemeralMessagesContext, type EphemeralMessage } from "./EphemeralMessages";
import { channelOf, dmOf, useWorkspace, WorkspaceContext, type Workspace } from "./workspace";

const NOTICE_MS = 6000;

/** People's ids by name, until the workspace is reset. */
const ids = new Map<string, string>();
let isFirst = true;

function actingPerson(state: State, name: string | null): Person | undefined {
  const people = state.people.filter((person) => !person.is_bot && !person.deleted);
  return people.find((person) => person.name === name) ?? people[0];
}

async function load(name: string | null): Promise<State> {
  const id = name && ids.get(name);
  if (id) {
    try {
      return await api.state(id);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      ids.clear();
    }
  }
  const everyone = await api.state(null);
  const person = actingPerson(everyone, name);
  if (!person) return everyone;
  ids.set(person.name, person.id);
  if (isFirst) await reload(person);
  isFirst = false;
  return api.state(person.id);
}

/** Close the person's modals and drop their ephemeral messages, as a reload in Slack does. */
async function reload({ id }: Person) {
  await api.act(id, "reload");
  const { view } = await api.state(id);
  if (view) await api.act(id, "close_view", { view_id: view.id, clear: true });
}

export function App() {
  const [place, go] = usePlace();
  const state = useLive(`as ${place.as}`, () => load(place.as));
  const latest = useRef(state);
  // The page keeps its state until another person's state is loaded.
  latest.current = state ?? latest.current;
  const me = latest.current && actingPerson(latest.current, place.as);
  if (!latest.current || !me) return <p className="waiting">The workspace is being set up …</p>;
  return <Page state={latest.current} me={me} place={place} go={go} />;
}

function Page({ state, me, place, go }: { state: State; me: Person; place: Place; go: Go }) {
  const [notice, setNotice] = useState<string | null>(null);
  const [ephemeralMessages, setEphemeralMessages] = useState<EphemeralMessage[]>([]);

  useEffect(() => {
    if (!notice) return;
    const timer = window.setTimeout(() => setNotice(null), NOTICE_MS);
    return () => window.clearTimeout(timer);
  }, [notice]);

  const offset = useMemo(() => Date.parse(state.now) - Date.now(), [state.now]);
  const now = useCallback(() => new Date(Date.now() + offset), [offset]);

  const workspace = useMemo<Workspace>(() => {
    const act = async (action: string, args?: Record<string, unknown>): Promise<Ack> => {
      try {
        return await api.act(me.id, action, args);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        setNotice(`That's not possible: ${error.message}.`);
        return { failed: error.message };
      }
    };
    const follow = (href: string): boolean => {
      const link = permalink(href);
      const channel = link && channelOf(state, link.channel);
      if (!link || !channel) return false;
      const within = channel.is_im ? "messages" : channel.name;
      go({ in: within, thread: link.thread, at: link.ts });
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
      notify: setNotice,
      showEphemeral: (channel, text, thread) =>
        setEphemeralMessages((all) => [...all, { person: me.id, channel, thread, text, at: now() }]),
    };
  }, [state, me, place, go, now]);

  return (
    <WorkspaceContext value={workspace}>
      <EphemeralMessagesContext value={ephemeralMessages}>
        <Layout />
        <div className="toast" role="status">
          {notice}
        </div>
      </EphemeralMessagesContext>
    </WorkspaceContext>
  );
}

function Layout() {
  const { state, me, place, go, follow } = useWorkspace();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const dm = dmOf(state, me);
  const tab = place.in === "home" || place.in === "messages" ? place.in : null;
  const rooms = state.channels.filter((channel) => !channel.is_im);
  const chosen = rooms.find((channel) => channel.name === place.in);
  const channel = tab ? dm : (chosen ?? rooms.find(({ joined, has_bot }) => joined && has_bot) ?? rooms[0]);
  const drafts = useDrafts(channel?.id ?? null);

  // The address always names the person and the place, even before a choice.
  useEffect(() => {
    if (window.location.pathname !== "/") return;
    const within = tab ?? channel?.name ?? null;
    if (place.as !== me.name || place.in !== within) {
      go({ as: me.name, in: within, thread: within === place.in ? place.thread : null, at: place.at }, "replace");
    }
  }, [me.name, tab, channel?.name, place]);

  // The page's own address may be a permalink.
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
