/** Emoji for reactions, with a search by name. */
import { useState } from "react";
import { search } from "./emoji";
import { Popup } from "./Popup";

const MOST = 120;

interface Props {
  anchor: DOMRect;
  onPick: (name: string) => void;
  onClose: () => void;
}

export function EmojiPicker({ anchor, onPick, onClose }: Props) {
  const [words, setWords] = useState("");
  const matches = search(words, MOST);
  const pick = (name: string) => {
    onClose();
    onPick(name);
  };
  return (
    <Popup label="Add a reaction" anchor={anchor} onClose={onClose} className="emoji-picker">
      <input
        type="search"
        aria-label="Search emoji"
        placeholder="Search emoji, for instance white_check_mark"
        value={words}
        autoComplete="off"
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          const [first] = matches;
          if (event.key !== "Enter" || !first) return;
          // Otherwise Enter would press the button that has the focus afterwards.
          event.preventDefault();
          pick(first.name);
        }}
      />
      <div className="emoji-grid" role="group" aria-label="Emoji">
        {matches.map(({ name, character }) => (
          <button key={name} type="button" title={`:${name}:`} onClick={() => pick(name)}>
            <span aria-hidden="true">{character}</span>
            <span className="sr">{name}</span>
          </button>
        ))}
        {!matches.length && <p>No emoji found.</p>}
      </div>
    </Popup>
  );
}

/** A button that opens the picker. */
export function ReactButton({ onPick, className }: { onPick: (name: string) => void; className: string }) {
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  return (
    <>
      <button
        type="button"
        className={className}
        aria-label="Add a reaction"
        title="Add a reaction"
        onClick={(event) => setAnchor(event.currentTarget.getBoundingClientRect())}
      >
        <Smiley />
      </button>
      {anchor && <EmojiPicker anchor={anchor} onPick={onPick} onClose={() => setAnchor(null)} />}
    </>
  );
}

function Smiley() {
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <circle cx="9" cy="11" r="6.5" />
      <path d="M6.3 12.8a3.3 3.3 0 0 0 5.4 0M7 9.3v.2M11 9.3v.2M16.5 2.5v5M14 5h5" strokeLinecap="round" />
    </svg>
  );
}
