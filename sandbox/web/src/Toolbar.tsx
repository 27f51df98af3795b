/** A message's actions, shown on hover and on focus. */
import { character } from "./emoji";
import { ReactButton } from "./EmojiPicker";
import { Menu, type Entry } from "./Menu";
import type { Message } from "./types";
import { useWorkspace } from "./workspace";

const QUICK = ["white_check_mark", "eyes", "raised_hands"];

interface Props {
  message: Message;
  onReact: (emoji: string) => void;
  onThread: (() => void) | null;
  onEdit: () => void;
}

export function Toolbar({ message, onReact, onThread, onEdit }: Props) {
  const { state, me, act, notify } = useWorkspace();
  const where = { channel: message.channel, ts: message.ts };
  if (message.is_ephemeral) return null;

  const isOwn = message.user === me.id;
  const entries: Entry[] = state.shortcuts
    .filter(({ kind }) => kind === "message")
    .map(({ name, callback_id }) => ({
      label: name,
      detail: state.app.name,
      do: async () => {
        const { failed } = await act("message_shortcut", { ...where, callback_id });
        if (failed) notify(`${name} did not work: ${failed}`);
      },
    }));
  if (isOwn) entries.push({ label: "Edit message", do: onEdit });
  if (isOwn || me.is_admin || me.is_owner) {
    entries.push({ label: "Delete message", danger: true, do: () => void act("delete", where) });
  }

  return (
    <div className="toolbar" role="group" aria-label="Message actions">
      {QUICK.map((emoji) => (
        <button
          key={emoji}
          type="button"
          className="icon quick"
          title={`:${emoji}:`}
          onClick={() => onReact(emoji)}
        >
          <span aria-hidden="true">{character(emoji)}</span>
          <span className="sr">React with {emoji}</span>
        </button>
      ))}
      <ReactButton className="icon" onPick={onReact} />
      {onThread && (
        <button type="button" className="icon" aria-label="Reply in thread" title="Reply in thread" onClick={onThread}>
          <svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
            <path d="M3 9.5C3 6 6 3.5 10 3.5s7 2.5 7 6-3 6-7 6a9 9 0 0 1-2.5-.3L4 16.5l.8-3A5.6 5.6 0 0 1 3 9.5Z" strokeLinejoin="round" />
            <path d="M7 8.5h6M7 11h4" strokeLinecap="round" />
          </svg>
        </button>
      )}
      {entries.length > 0 && (
        <Menu label="More message actions" entries={entries}>
          <span aria-hidden="true">⋮</span>
        </Menu>
      )}
    </div>
  );
}
