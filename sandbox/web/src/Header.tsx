/** The bar at the top: the workspace, its clock, faults and the reset. */
import { useEffect, useState } from "react";
import { api, Refused } from "./api";
import { Faults } from "./Faults";
import { Popup } from "./Popup";
import { clockTime, format, instant, isoDay, nextMonday } from "./time";
import { useWorkspace } from "./workspace";

const HOUR = 3600;

export function Header({ onMenu }: { onMenu: () => void }) {
  const { state, notify } = useWorkspace();
  const [isSure, setSure] = useState(false);

  useEffect(() => {
    if (!isSure) return;
    const timer = window.setTimeout(() => setSure(false), 4000);
    return () => window.clearTimeout(timer);
  }, [isSure]);

  const reset = async () => {
    if (!isSure) {
      setSure(true);
      return;
    }
    setSure(false);
    notify("Starting over …");
    await api.reset();
  };

  return (
    <header className="top">
      <button type="button" className="icon menu-button" aria-label="Channels and people" onClick={onMenu}>
        ☰
      </button>
      <strong className="team">{state.team.name}</strong>
      <span className="tagline">a pretend Slack on your machine</span>
      <span className="grow" />
      <Clock />
      <Faults />
      <button type="button" className="bar" onClick={() => void reset()} aria-live="polite">
        {isSure ? "Start over?" : "Reset"}
      </button>
    </header>
  );
}

function Clock() {
  const { state, zone, now, notify } = useWorkspace();
  const [anchor, setAnchor] = useState<DOMRect | null>(null);
  const [, tick] = useState(0);
  const [day, setDay] = useState("");

  useEffect(() => {
    const timer = window.setInterval(() => tick((n) => n + 1), 5000);
    return () => window.clearInterval(timer);
  }, []);

  const time = `${format(now(), zone, { weekday: "short", day: "numeric", month: "short" })}, ${clockTime(now(), zone)}`;
  const travel = async (move: Promise<unknown>) => {
    try {
      await move;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      notify(error.message);
    }
  };
  const steps: [string, () => Promise<unknown>][] = [
    ["+1 minute", () => api.forward(60)],
    ["+1 hour", () => api.forward(HOUR)],
    ["+1 day", () => api.forward(24 * HOUR)],
    ["Next Monday, 09:00", () => api.travel(nextMonday(now(), zone))],
  ];
  return (
    <>
      <button
        type="button"
        className="bar"
        aria-haspopup="dialog"
        aria-label={`It is ${time}: travel in time`}
        disabled={!state.can_travel}
        onClick={(event) => {
          setDay(isoDay(now(), zone));
          setAnchor(event.currentTarget.getBoundingClientRect());
        }}
      >
        <span aria-hidden="true">🕐</span> {time}
      </button>
      {anchor && (
        <Popup label="Travel in time" anchor={anchor} onClose={() => setAnchor(null)} className="clock">
          <h2>Travel in time</h2>
          <p className="now" role="status">
            {time} <small>{zone}</small>
          </p>
          <ul className="menu">
            {steps.map(([label, move]) => (
              <li key={label}>
                <button type="button" onClick={() => void travel(move())}>
                  {label}
                </button>
              </li>
            ))}
          </ul>
          <form
            className="row"
            onSubmit={(event) => {
              event.preventDefault();
              void travel(api.travel(instant(day, "09:00", zone)));
            }}
          >
            <label>
              A day, 09:00
              <input type="date" value={day} required onChange={(event) => setDay(event.target.value)} />
            </label>
            <button type="submit" className="button small">
              Go
            </button>
          </form>
        </Popup>
      )}
    </>
  );
}
