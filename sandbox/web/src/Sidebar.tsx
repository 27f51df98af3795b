/** The acting person, and the channels and apps to open. */
import { useState } from "react";
import { Avatar } from "./Avatar";
import { emojify } from "./emoji";
import { Popup } from "./Popup";
import { clockTime } from "./time";
import type { Channel, Person } from "./types";
import { dmOf, useWorkspace } from "./workspace";

/** Calls `onGo` after each choice, including the current place. */
export function Sidebar({ onGo }: { onGo: () => void }) {
  const { state, me, place, go } = useWorkspace();
  const enter = (to: string) => {
    go({ in: to, thread: null });
    onGo();
  };
  const dm = dmOf(state, me);
  const rooms = state.channels.filter((channel) => !channel.is_im);
  const mine = rooms.filter(({ joined }) => joined);
  // Guests see only their own channels.
  const others = me.is_restricted ? [] : rooms.filter(({ joined }) => !joined);
  const isInApp = place.in === "home" || place.in === "messages";
  return (
    <nav className="sidebar" aria-label="Workspace">
      <Switcher />
      <Rooms title="Channels" rooms={mine} onEnter={enter} />
      <h2>Apps</h2>
      <ul>
        <li>
          <button
            type="button"
            aria-current={isInApp ? "page" : undefined}
            className={dm?.unread ? "has-unread" : undefined}
            onClick={() => enter(dm?.unread || !state.app.home_tab ? "messages" : "home")}
          >
            <span className="avatar small app" aria-hidden="true">
              {state.app.name.charAt(0)}
            </span>
            <span className="name">{state.app.name}</span>
            <Unread count={dm?.unread ?? 0} />
          </button>
        </li>
      </ul>
      {others.length > 0 && <Rooms title="Other channels" rooms={others} onEnter={enter} />}
      {Boolean(state.hints?.length) && (
        <aside className="hints" aria-label="Try this">
          <h2>Try this</h2>
          <ol>
            {state.hints?.map((hint) => (
              <li key={hint}>
                {/* Every other part is between backquotes. */}
                {hint.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : emojify(part)))}
              </li>
            ))}
          </ol>
        </aside>
      )}
    </nav>
  );
}

function Unread({ count }: { count: number }) {
  if (!count) return null;
  return (
    <span className="unread">
      {count}
      <span className="sr"> unread</span>
    </span>
  );
}

function Rooms({ title, rooms, onEnter }: { title: string; rooms: Channel[]; onEnter: (name: string) => void }) {
  const { place } = useWorkspace();
  return (
    <>
      <h2>{title}</h2>
      <ul>
        {rooms.map((room) => (
          <li key={room.id}>
            <button
              type="button"
              aria-current={place.in === room.name ? "page" : undefined}
              className={room.joined && room.unread ? "has-unread" : undefined}
              onClick={() => onEnter(room.name)}
            >
              <span className="sign" aria-hidden="true">
                {room.is_private ? "🔒" : "#"}
              </span>
              <span className="name">{room.name}</span>
              {room.joined && <Unread count={room.unread} />}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function kind(person: Person): string {
  if (person.is_admin || person.is_owner) return "Admin";
  return person.is_restricted ? "Guest" : "";
}

function Switcher() {
  const { state, me, go, now } = useWorkspace();
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  const people = state.people.filter((person) => !person.is_bot && !person.deleted);
  return (
    <>
      <button
        type="button"
        className="switcher"
        aria-haspopup="dialog"
        onClick={(event) => setAnchor(event.currentTarget.getBoundingClientRect())}
      >
        <Avatar person={me} />
        <span aria-hidden="true">
          <small>You are</small>
          <strong>{me.real_name}</strong>
        </span>
        <span className="sr">{`You are ${me.real_name}: switch person`}</span>
        <span aria-hidden="true">▾</span>
      </button>
      {anchor && (
        <Popup label="Switch person" anchor={anchor} onClose={() => setAnchor(null)}>
          <h2>Switch person</h2>
          <ul className="menu people">
            {people.map((person) => (
              <li key={person.id}>
                <button
                  type="button"
                  aria-current={person.id === me.id ? "true" : undefined}
                  onClick={() => {
                    setAnchor(null);
                    go({ as: person.name });
                  }}
                >
                  <Avatar person={person} small />
                  <span>
                    <span className="name">{person.real_name}</span>
                    {kind(person) && <span className="badge">{kind(person)}</span>}
                    <small>{[person.title, person.tz && `${clockTime(now(), person.tz)} there`].filter(Boolean).join(" · ")}</small>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </Popup>
      )}
    </>
  );
}
