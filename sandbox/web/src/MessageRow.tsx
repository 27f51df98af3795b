/** A message: author, time, content, reactions, thread and actions. */
import { useState } from "react";
import { api } from "./api";
import { Avatar } from "./Avatar";
import { Blocks } from "./Blocks";
import { Composer } from "./Composer";
import { Reactions } from "./Reactions";
import { count, transmitted, typed } from "./text";
import { ago, clockTime, dateOf, format } from "./time";
import { Toolbar } from "./Toolbar";
import type { Block, Element, Message, Value } from "./types";
import { entered, initial } from "./values";
import { personOf, useWorkspace } from "./workspace";

interface Props {
  message: Message;
  /** True if it directly follows a message by the same person. */
  isNext?: boolean;
  isInThread?: boolean;
  isMarked?: boolean;
}

const JOINED = new Set(["channel_join", "channel_leave", "group_join", "group_leave"]);

export function MessageRow({ message, isNext = false, isInThread = false, isMarked = false }: Props) {
  const { state, me, zone, act, go, notify } = useWorkspace();
  const [isEditing, setEditing] = useState(false);
  const author = personOf(state, message.user);
  const name = author?.real_name ?? "Slackbot";
  const at = dateOf(message.ts);
  const where = { channel: message.channel, ts: message.ts };
  const isTombstone = message.subtype === "tombstone";

  const toggle = (emoji: string) => {
    const mine = message.reactions?.find((reaction) => reaction.name === emoji)?.users.includes(me.id);
    void act(mine ? "unreact" : "react", { ...where, emoji });
  };
  const choose = async (block: Block, element: Element, value: Value) => {
    const { failed } = await act("click", {
      ...where,
      action_id: element.action_id,
      block_id: block.block_id,
      ...(element.type === "button" ? { value } : { option: value }),
    });
    if (failed) notify(`That didn't work: ${failed}`);
  };
  const chosen = (block: Block, element: Element): Value => {
    const stored = message.chosen?.[me.id]?.[block.block_id]?.[element.action_id];
    return stored ? entered(stored) : initial(element);
  };
  const openThread = () => go({ thread: message.thread_ts ?? message.ts });

  const time = (
    <time dateTime={at.toISOString()} title={format(at, zone, { dateStyle: "full", timeStyle: "short" })}>
      {clockTime(at, zone)}
    </time>
  );

  return (
    <article
      id={`${isInThread ? "reply" : "message"}-${message.ts}`}
      className={`message ${isNext ? "next" : ""} ${message.is_ephemeral ? "ephemeral" : ""} ${isMarked ? "marked" : ""}`}
      aria-label={`${name}, ${clockTime(at, zone)}`}
    >
      <div className="gutter">{isNext ? time : <Avatar person={author} />}</div>
      <div className="content">
        {message.is_ephemeral && (
          <p className="only-you">
            <span aria-hidden="true">👁</span> Only visible to you
          </p>
        )}
        {!isNext && (
          <p className="byline">
            <strong>{name}</strong>
            {author?.is_bot && <span className="badge">App</span>}
            {author?.is_restricted && <span className="badge">Guest</span>}
            {time}
          </p>
        )}
        {message.subtype === "thread_broadcast" && !isInThread && (
          <p className="broadcast">
            replied to a thread:{" "}
            <button type="button" className="link" onClick={openThread}>
              {message.root ? typed(message.root.text, state.people, state.channels).slice(0, 80) : "open it"}
            </button>
          </p>
        )}
        {isEditing ? (
          <Composer
            label="Edit message"
            draft={typed(message.text, state.people, state.channels)}
            submit="Save"
            onCancel={() => setEditing(false)}
            onSend={async (text) => {
              const sent = transmitted(text, state.people, state.channels);
              const { failed } = await act("edit", { ...where, text: sent });
              if (!failed) setEditing(false);
              return !failed;
            }}
          />
        ) : (
          <div className={isTombstone || JOINED.has(message.subtype ?? "") ? "text muted" : "text"}>
            <Content message={message} valueOf={chosen} onChoose={choose} />
            {message.edited && author && !author.is_bot && <span className="edited">(edited)</span>}
          </div>
        )}
        <Reactions message={message} onToggle={toggle} />
        {!isInThread && Boolean(message.reply_count) && <Replies message={message} onOpen={openThread} />}
      </div>
      {!isTombstone && !isEditing && (
        <Toolbar
          message={message}
          onReact={toggle}
          onThread={isInThread ? null : openThread}
          onEdit={() => setEditing(true)}
        />
      )}
    </article>
  );
}

interface ContentProps {
  message: Message;
  valueOf: (block: Block, element: Element) => Value;
  onChoose: (block: Block, element: Element, value: Value) => Promise<void>;
}

function Content({ message, valueOf, onChoose }: ContentProps) {
  const { me } = useWorkspace();
  const text: Block = {
    type: "section",
    block_id: "text",
    text: { type: "mrkdwn", text: message.text },
  };
  const blocks = message.blocks?.length ? message.blocks : message.text ? [text] : [];
  return (
    <>
      <Blocks blocks={blocks} valueOf={valueOf} onChoose={onChoose} />
      {message.files?.map((file) => (
        <p key={file.id} className="file">
          <span aria-hidden="true">📄</span>{" "}
          <a href={api.file(me.id, file.id)} target="_blank" rel="noreferrer">
            {file.title}
          </a>
        </p>
      ))}
    </>
  );
}

function Replies({ message, onOpen }: { message: Message; onOpen: () => void }) {
  const { state, zone, now } = useWorkspace();
  const replies = count(message.reply_count ?? 0, "reply", "replies");
  return (
    <button type="button" className="replies" onClick={onOpen}>
      {message.reply_users?.map((id) => <Avatar key={id} person={personOf(state, id)} small />)}
      <span className="link">{replies}</span>
      {message.latest_reply && (
        <small>Last reply {ago(dateOf(message.latest_reply), now(), zone)}</small>
      )}
    </button>
  );
}
