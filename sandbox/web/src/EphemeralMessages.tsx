/** Slack's own messages to one person, such as that a command failed. */
import { createContext, useContext } from "react";
import { Avatar } from "./Avatar";
import { clockTime } from "./time";
import { useWorkspace } from "./workspace";

export interface EphemeralMessage {
  person: string;
  channel: string;
  thread: string | undefined;
  text: string;
  at: Date;
}

export const EphemeralMessagesContext = createContext<EphemeralMessage[]>([]);

export function EphemeralMessages({ channel, thread }: { channel: string; thread?: string }) {
  const { me, zone } = useWorkspace();
  const mine = useContext(EphemeralMessagesContext).filter(
    (message) => message.person === me.id && message.channel === channel && message.thread === thread,
  );
  return mine.map(({ text, at }, index) => (
    <article key={index} className="message ephemeral" aria-label="Slackbot">
      <div className="gutter">
        <Avatar person={undefined} />
      </div>
      <div className="content">
        <p className="only-you">
          <span aria-hidden="true">👁</span> Only visible to you
        </p>
        <p className="byline">
          <strong>Slackbot</strong> <time dateTime={at.toISOString()}>{clockTime(at, zone)}</time>
        </p>
        <p className="text">{text}</p>
      </div>
    </article>
  ));
}
