/** The text box: Enter sends, Shift+Enter is a new line, `/`, `@`, `#` and `:` complete. */
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { complete, type Proposal } from "./completion";
import { useWorkspace } from "./workspace";

interface Props {
  label: string;
  placeholder?: string;
  draft?: string;
  submit?: string;
  /** Returns false if the text was refused: it stays in the box. */
  onSend: (text: string) => Promise<boolean>;
  onCancel?: () => void;
  onDraft?: (text: string) => void;
  children?: ReactNode;
}

export function Composer({ label, placeholder, draft = "", submit = "Send", onSend, onCancel, onDraft, children }: Props) {
  const { state } = useWorkspace();
  const [text, setText] = useState(draft);
  const [caret, setCaret] = useState(draft.length);
  const [picked, setPicked] = useState(0);
  const [isShut, setShut] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const nextCaret = useRef<number | null>(null);

  const completion = isShut ? null : complete(text.slice(0, caret), state);
  const proposals = completion?.proposals ?? [];
  const current = Math.min(picked, proposals.length - 1);

  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    node.style.height = "auto";
    node.style.height = `${node.scrollHeight}px`;
    // The caret goes behind the inserted proposal, not to the end.
    if (nextCaret.current !== null) node.setSelectionRange(nextCaret.current, nextCaret.current);
    nextCaret.current = null;
  }, [text]);

  useEffect(() => {
    if (onCancel) box.current?.focus();
  }, [onCancel !== undefined]);

  const write = (next: string, at: number) => {
    setText(next);
    setCaret(at);
    setPicked(0);
    setShut(false);
    onDraft?.(next);
  };
  const insert = (proposal: Proposal) => {
    const from = completion?.from ?? 0;
    const next = text.slice(0, from) + proposal.insert + text.slice(caret);
    const at = from + proposal.insert.length;
    nextCaret.current = at;
    write(next, at);
    box.current?.focus();
  };
  const send = async () => {
    const message = text.trim();
    if (!message) return;
    write("", 0);
    if (!(await onSend(message))) write(message, message.length);
  };

  const press = (event: KeyboardEvent) => {
    const proposal = proposals[current];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (proposal && step) setPicked((current + step + proposals.length) % proposals.length);
    // A command typed in full is sent as it is.
    else if (proposal && (event.key === "Tab" || (event.key === "Enter" && proposal.insert.trim() !== text))) insert(proposal);
    else if (event.key === "Escape" && proposal) setShut(true);
    else if (event.key === "Escape" && onCancel) onCancel();
    else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) void send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="composer">
      {proposals.length > 0 && (
        <ul className="proposals" role="listbox" id={listId} aria-label="Suggestions">
          {proposals.map((proposal, index) => (
            <li
              key={proposal.insert}
              id={`${listId}${index}`}
              role="option"
              aria-selected={index === current}
              onPointerDown={(event) => {
                event.preventDefault();
                insert(proposal);
              }}
            >
              <b>{proposal.label}</b> <span>{proposal.detail}</span>
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={box}
        rows={1}
        aria-label={label}
        aria-autocomplete="list"
        aria-controls={proposals.length ? listId : undefined}
        aria-activedescendant={proposals.length ? `${listId}${current}` : undefined}
        placeholder={placeholder}
        value={text}
        onChange={(event) => write(event.target.value, event.target.selectionStart)}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
        onKeyDown={press}
        onBlur={() => setShut(true)}
      />
      <div className="composer-row">
        {children}
        <span className="grow" />
        {onCancel && (
          <button type="button" className="button small" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="button" className="button small primary" disabled={!text.trim()} onClick={() => void send()}>
          {submit}
        </button>
      </div>
    </div>
  );
}
