/** The reactions to a message: how many, whose, and one's own to add or take back. */
import { character } from "./emoji";
import { ReactButton } from "./EmojiPicker";
import { listed } from "./text";
import type { Message } from "./types";
import { nameOf, useWorkspace } from "./workspace";

interface Props {
  message: Message;
  onToggle: (emoji: string) => void;
}

export function Reactions({ message, onToggle }: Props) {
  const { state, me } = useWorkspace();
  if (!message.reactions?.length) return null;
  return (
    <div className="reactions">
      {message.reactions.map(({ name, users, count }) => {
        const isMine = users.includes(me.id);
        const who = listed(users.map((id) => (id === me.id ? "you" : nameOf(state, id))));
        return (
          <button
            key={name}
            type="button"
            aria-pressed={isMine}
            title={`${who} reacted with :${name}:`}
            onClick={() => onToggle(name)}
          >
            <span aria-hidden="true">
              {character(name)} {count}
            </span>
            <span className="sr">{`${name}, ${count}: ${who}`}</span>
          </button>
        );
      })}
      <ReactButton className="add" onPick={onToggle} />
    </div>
  );
}
