/** A channel: its name and members, its messages, and the composer. */
import { useEffect, useState } from "react";
import { api } from "./api";
import { Avatar } from "./Avatar";
import { Composer } from "./Composer";
import { composerDraft } from "./composerDrafts";
import { useLive } from "./live";
import { Messages } from "./Messages";
import { Popup } from "./Popup";
import { useSend } from "./send";
import { Shortcuts } from "./Shortcuts";
import { count } from "./text";
import type { Channel } from "./types";
import { personOf, useWorkspace } from "./workspace";
import { EphemeralMessages } from "./EphemeralMessages";

const STEP = 60;

export function ChannelPane({ channel }: { channel: Channel }) {
  const { state } = useWorkspace();
  return (
    <section className="pane" aria-labelledby="place">
      <header className="pane-head">
        <h1 id="place">
          <span aria-hidden="true">{channel.is_private ? "🔒" : "#"}</span> {channel.name}
        </h1>
        <p className="purpose">{channel.purpose?.value}</p>
        <Members channel={channel} />
      </header>
      <Conversation
        channel={channel}
        label={`Message #${channel.name}`}
        placeholder={`Message #${channel.name}, or type ${state.commands[0]?.name ?? "/"}`}
      />
    </section>
  );
}

/** The messages of a channel or of the DM with the app, and the composer. */
export function Conversation({ channel, label, placeholder }: { channel: Channel; label: string; placeholder: string }) {
  const { me, place, act } = useWorkspace();
  const [limit, setLimit] = useState(STEP);
  const loaded = useLive(`${me.id} ${channel.id} ${limit}`, () => api.channel(me.id, channel.id, limit));
  const [latest, setLatest] = useState({ channel: channel.id, messages: loaded?.messages ?? [] });
  // While older messages of the channel are loaded, the newer ones stay.
  if (loaded && loaded.messages !== latest.messages) {
    setLatest({ channel: channel.id, messages: loaded.messages });
  }
  const messages = latest.channel === channel.id ? latest.messages : [];
  const send = useSend(channel);
  const draft = composerDraft(`${me.id} ${channel.id}`);
  const isLoaded = loaded !== null;

  useEffect(() => {
    if (isLoaded && channel.unread && channel.latest && channel.members.includes(me.id)) {
      void act("read", { channel: channel.id, ts: channel.latest });
    }
  }, [isLoaded, channel.unread, channel.latest, channel.id, me.id]);

  return (
    <>
      <Messages
        label={`Messages in ${label.replace("Message ", "")}`}
        listId={`${me.id} ${channel.id}`}
        messages={messages}
        at={place.thread ? null : place.at}
        before={
          loaded?.more ? (
            <p className="older">
              <button type="button" className="button small" onClick={() => setLimit(limit + STEP)}>
                Show older messages
              </button>
            </p>
          ) : (
            isLoaded && !messages.length && <p className="empty">No messages yet.</p>
          )
        }
        after={<EphemeralMessages channel={channel.id} />}
      />
      {channel.members.includes(me.id) ? (
        channel.is_archived ? (
          <p className="instead">This channel is archived.</p>
        ) : (
          <Composer
            key={`${me.id} ${channel.id}`}
            label={label}
            placeholder={placeholder}
            draft={draft.text}
            onDraft={draft.keep}
            onSend={send}
          >
            <Shortcuts />
          </Composer>
        )
      ) : (
        <p className="instead">
          You're previewing this channel.{" "}
          <button type="button" className="button small primary" onClick={() => void act("join", { channel: channel.id })}>
            Join
          </button>
        </p>
      )}
    </>
  );
}

function Members({ channel }: { channel: Channel }) {
  const { state, me, act } = useWorkspace();
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  const people = channel.members.map((id) => personOf(state, id)).filter((person) => person !== undefined);
  const isIn = channel.members.includes(me.id);
  return (
    <>
      <button
        type="button"
        className="members"
        aria-haspopup="dialog"
        onClick={(event) => setAnchor(event.currentTarget.getBoundingClientRect())}
      >
        {people.slice(0, 3).map((person) => (
          <Avatar key={person.id} person={person} small />
        ))}
        <span aria-hidden="true">{people.length}</span>
        <span className="sr">{`${count(people.length, "member")}: show them`}</span>
      </button>
      {anchor && (
        <Popup label={`Members of #${channel.name}`} anchor={anchor} onClose={() => setAnchor(null)}>
          <h2>Members of #{channel.name}</h2>
          <ul className="people">
            {people.map((person) => (
              <li key={person.id}>
                <Avatar person={person} small />
                <span>
                  {person.real_name}
                  {person.id === me.id && " (you)"}
                  <small>{person.is_bot && !person.title ? "App" : person.title}</small>
                </span>
              </li>
            ))}
          </ul>
          {isIn && (
            <p className="popup-actions">
              <button
                type="button"
                className="button small"
                onClick={() => void act(channel.has_bot ? "remove_bot" : "invite_bot", { channel: channel.id })}
              >
                {channel.has_bot ? "Remove" : "Add"} {state.app.name}
              </button>
            </p>
          )}
        </Popup>
      )}
    </>
  );
}
