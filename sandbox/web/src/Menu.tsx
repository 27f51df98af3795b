/** A button that opens a list of actions. */
import { useState, type ReactNode } from "react";
import { Popup } from "./Popup";

export interface Entry {
  label: ReactNode;
  detail?: string | undefined;
  do: () => void;
  danger?: boolean;
}

interface Props {
  label: string;
  children: ReactNode;
  entries: Entry[];
  className?: string;
  disabled?: boolean;
}

export function Menu({ label, children, entries, className = "icon", disabled = false }: Props) {
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  return (
    <>
      <button
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="dialog"
        title={label}
        disabled={disabled}
        onClick={(event) => setAnchor(event.currentTarget.getBoundingClientRect())}
      >
        {children}
      </button>
      {anchor && (
        <Popup label={label} anchor={anchor} onClose={() => setAnchor(null)}>
          <Entries
            entries={entries}
            done={() => setAnchor(null)}
          />
        </Popup>
      )}
    </>
  );
}

export function Entries({ entries, done }: { entries: Entry[]; done: () => void }) {
  return (
    <ul className="menu">
      {entries.map((entry, index) => (
        <li key={index}>
          <button
            type="button"
            className={entry.danger ? "danger" : undefined}
            onClick={() => {
              done();
              entry.do();
            }}
          >
            {entry.label}
            {entry.detail && <small>{entry.detail}</small>}
          </button>
        </li>
      ))}
    </ul>
  );
}
