/** A message's reactions, with their counts and people; a click adds or removes one's own. */
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
        const people = listed(users.map((id) => (id === me.id ? "you" : nameOf(state, id))));
        return (
          <button
            key={name}
            type="button"
            aria-pressed={isMine}
            title={`${people} reacted with :${name}:`}
            onClick={() => onToggle(name)}
          >
            <span aria-hidden="true">
              {character(name)} {count}
            </span>
            <span className="sr">{`${name}, ${count}: ${people}`}</span>
          </button>
        );
      })}
      <ReactButton className="add" onPick={onToggle} />
    </div>
  );
}
