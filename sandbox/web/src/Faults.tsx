/** The panel that turns simulated faults on and off. */
import { useState, type FormEvent } from "react";
import { api, Refused } from "./api";
import { useLive } from "./live";
import { Popup } from "./Popup";
import { count } from "./text";
import type { Fault } from "./types";
import { useWorkspace } from "./workspace";

const KINDS: [group: string, kinds: [kind: string, label: string][]][] = [
  [
    "When the app calls Slack",
    [
      ["ratelimited", "Too many requests (429)"],
      ["server_error", "Server error (503, HTML)"],
      ["internal_error", "internal_error"],
      ["reset", "Connection reset"],
      ["timeout", "No response"],
      ["truncated", "Truncated response"],
      ["slow", "Slow response"],
    ],
  ],
  [
    "When Slack calls the app",
    [
      ["lost_ack", "Acknowledgement lost"],
      ["duplicate", "Delivered twice"],
      ["twin", "Delivered twice, with different ids"],
      ["delay", "Delivered late"],
      ["reorder", "Delivered out of order"],
      ["drop", "Not delivered"],
    ],
  ],
];
const LABELS = new Map(KINDS.flatMap(([, kinds]) => kinds));
const TARGETS = [
  "chat.postMessage",
  "chat.update",
  "chat.postEphemeral",
  "views.open",
  "views.publish",
  "message",
  "reaction_added",
  "reaction_removed",
  "block_actions",
  "view_submission",
];

export function Faults() {
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  const faults = useLive("faults", api.faults)?.faults ?? [];
  return (
    <>
      <button
        type="button"
        className={faults.length ? "bar on" : "bar"}
        aria-haspopup="dialog"
        onClick={(event) => setAnchor(event.currentTarget.getBoundingClientRect())}
      >
        Faults{faults.length > 0 && `: ${faults.length}`}
      </button>
      {anchor && (
        <Popup label="Faults" anchor={anchor} onClose={() => setAnchor(null)} className="faults">
          <h2>Simulate faults</h2>
          <ActiveFaults />
          <Add />
        </Popup>
      )}
    </>
  );
}

/** The list is loaded whenever the panel opens, since a fault's effect sends no change. */
function ActiveFaults() {
  const faults = useLive("faults", api.faults)?.faults ?? [];
  if (!faults.length) {
    return <p className="muted">No faults are on. Turn one on to see how the app handles it.</p>;
  }
  return (
    <ul className="people">
      {faults.map((fault) => (
        <Row key={fault.id} fault={fault} />
      ))}
    </ul>
  );
}

function Row({ fault }: { fault: Fault }) {
  const label = LABELS.get(fault.kind) ?? fault.kind;
  const often = [
    fault.target === "*" ? "everything" : fault.target,
    fault.chance < 1 && `${Math.round(fault.chance * 100)} % of the time`,
    fault.times !== null && `${count(fault.times, "time")} at most`,
    fault.after && "after it took effect",
    `${fault.fired} so far`,
  ];
  return (
    <li>
      <span>
        {label}
        <small>{often.filter(Boolean).join(", ")}</small>
      </span>
      <button type="button" className="icon" aria-label={`Turn off: ${label}`} onClick={() => void api.removeFault(fault.id)}>
        ×
      </button>
    </li>
  );
}

function Add() {
  const { state, notify } = useWorkspace();
  const [kind, setKind] = useState("ratelimited");
  const [target, setTarget] = useState("");
  const [times, setTimes] = useState("3");
  const [chance, setChance] = useState("100");
  const [isAfter, setAfter] = useState(false);
  const isCall = KINDS[0]?.[1].some(([name]) => name === kind);

  const add = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await api.addFault({
        kind,
        target: target.trim() || "*",
        times: times ? Number(times) : null,
        chance: Number(chance) / 100,
        after: Boolean(isCall && isAfter),
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      notify(error.message);
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void add(event)}>
      <label>
        Fault
        <select value={kind} onChange={(event) => setKind(event.target.value)}>
          {KINDS.map(([group, kinds]) => (
            <optgroup key={group} label={group}>
              {kinds.map(([name, label]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label>
        Method, event or command (empty: all)
        <input list="targets" value={target} onChange={(event) => setTarget(event.target.value)} />
      </label>
      <datalist id="targets">
        {[...TARGETS, ...state.commands.map(({ name }) => name)].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <div className="row">
        <label>
          How often (empty: always)
          <input type="number" min="1" value={times} onChange={(event) => setTimes(event.target.value)} />
        </label>
        <label>
          Chance, %
          <input type="number" min="1" max="100" required value={chance} onChange={(event) => setChance(event.target.value)} />
        </label>
      </div>
      {isCall && (
        <label className="also">
          <input type="checkbox" checked={isAfter} onChange={(event) => setAfter(event.target.checked)} />
          Only after Slack applied it
        </label>
      )}
      <button type="submit" className="button small primary">
        Turn on
      </button>
    </form>
  );
}
