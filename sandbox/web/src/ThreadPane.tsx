/** A thread beside its channel. */
import { useState } from "react";
import { api } from "./api";
import { Composer } from "./Composer";
import { composerDraft } from "./composerDrafts";
import { useLive } from "./live";
import { Messages } from "./Messages";
import { useSend } from "./send";
import type { Channel } from "./types";
import { useWorkspace } from "./workspace";
import { EphemeralMessages } from "./EphemeralMessages";

export function ThreadPane({ channel, ts }: { channel: Channel; ts: string }) {
  const { state, me, place, go } = useWorkspace();
  const [isAlso, setAlso] = useState(false);
  const loaded = useLive(`${me.id} ${channel.id} ${ts}`, () => api.thread(me.id, channel.id, ts));
  const send = useSend(channel, ts);
  const draft = composerDraft(`${me.id} ${channel.id} ${ts}`);
  const where = channel.is_im ? state.app.name : `#${channel.name}`;

  return (
    <section className="pane thread" aria-labelledby="thread">
      <header className="pane-head">
        <h2 id="thread">Thread</h2>
        <p className="purpose">{where}</p>
        <button type="button" className="icon" aria-label="Close thread" onClick={() => go({ thread: null })}>
          ×
        </button>
      </header>
      <Messages
        label="Messages in the thread"
        listId={`${me.id} ${ts}`}
        messages={loaded?.messages ?? []}
        thread={ts}
        at={place.at}
        after={<EphemeralMessages channel={channel.id} thread={ts} />}
      />
      {channel.members.includes(me.id) && !channel.is_archived && (
        <Composer
          key={`${me.id} ${ts}`}
          label="Reply in thread"
          placeholder="Reply…"
          draft={draft.text}
          onDraft={draft.keep}
          onSend={(text) => send(text, isAlso ? { broadcast: true } : {})}
        >
          {!channel.is_im && (
            <label className="also">
              <input type="checkbox" checked={isAlso} onChange={(event) => setAlso(event.target.checked)} />
              Also send to {where}
            </label>
          )}
        </Composer>
      )}
    </section>
  );
}
