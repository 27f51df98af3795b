/** A list of messages by day, scrolled to the newest unless the reader has scrolled up. */
import { Fragment, useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
import { MessageRow } from "./MessageRow";
import { dateOf, dayName } from "./time";
import type { Message } from "./types";
import { useWorkspace } from "./workspace";

const NEXT_SECONDS = 300;
const NEAR_PIXELS = 80;

interface Props {
  label: string;
  /** A list with another id starts at its end again. */
  listId: string;
  messages: Message[];
  before?: ReactNode;
  after?: ReactNode;
  thread?: string | undefined;
  at?: string | null;
}

export function Messages({ label, listId, messages, before, after, thread, at }: Props) {
  const { zone, now } = useWorkspace();
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);

  useLayoutEffect(() => {
    isAtEnd.current = true;
  }, [listId]);

  useLayoutEffect(() => {
    if (isAtEnd.current && box.current && !at) box.current.scrollTop = box.current.scrollHeight;
  }, [listId, messages, at]);

  // The content may grow, and the list may get narrower, without a new message.
  useEffect(() => {
    const node = box.current;
    if (!node || !content.current) return;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) node.scrollTop = node.scrollHeight;
    });
    observer.observe(node);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, []);

  const isThere = at ? messages.some(({ ts }) => ts === at) : false;
  useEffect(() => {
    if (!isThere) return;
    const id = `${thread ? "reply" : "message"}-${at}`;
    document.getElementById(id)?.scrollIntoView({ block: "center" });
  }, [at, isThere, thread]);

  return (
    <div
      ref={box}
      className="messages"
      role="log"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget: node }) => {
        isAtEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_PIXELS;
      }}
    >
      <div ref={content}>
        {before}
        {messages.map((message, index) => {
          const previous = messages[index - 1];
          const day = dayName(dateOf(message.ts), now(), zone);
          const isNewDay = !previous || day !== dayName(dateOf(previous.ts), now(), zone);
          return (
            <Fragment key={message.ts}>
              {isNewDay && !thread && (
                <div className="day">
                  <span>{day}</span>
                </div>
              )}
              <MessageRow
                message={message}
                isNext={!isNewDay && follows(message, previous)}
                isInThread={Boolean(thread)}
                isMarked={message.ts === at}
              />
              {thread && index === 0 && messages.length > 1 && <div className="rule" role="separator" />}
            </Fragment>
          );
        })}
        {after}
      </div>
    </div>
  );
}

function follows(message: Message, previous: Message | undefined): boolean {
  return (
    previous !== undefined &&
    previous.user === message.user &&
    !message.is_ephemeral &&
    !previous.is_ephemeral &&
    !message.subtype &&
    !previous.subtype &&
    !previous.reply_count &&
    Number(message.ts) - Number(previous.ts) < NEXT_SECONDS
  );
}
