/** The app's pane: its Home tab, and the direct messages with it. */
import { useEffect } from "react";
import { Conversation } from "./ChannelPane";
import type { Drafts } from "./drafts";
import { ViewBody } from "./ViewBody";
import { dmOf, useWorkspace } from "./workspace";

export function AppPane({ tab, drafts }: { tab: "home" | "messages"; drafts: Drafts }) {
  const { state, me, act, go } = useWorkspace();
  const dm = dmOf(state, me);
  const { name, home_tab, messages_tab } = state.app;

  useEffect(() => {
    void act("open_home", { tab });
  }, [tab, me.id]);

  const tabs = [
    ...(home_tab ? [["home", "Home"] as const] : []),
    ...(messages_tab ? [["messages", "Messages"] as const] : []),
  ];
  return (
    <section className="pane" aria-labelledby="place">
      <header className="pane-head">
        <h1 id="place">
          <span className="avatar small app" aria-hidden="true">
            {name.charAt(0)}
          </span>{" "}
          {name}
        </h1>
        <div className="tabs" role="tablist" aria-label={name}>
          {tabs.map(([id, label]) => (
            <button
              key={id}
              type="button"
              role="tab"
              aria-selected={tab === id}
              aria-controls="app-tab"
              onClick={() => go({ in: id, thread: null })}
            >
              {label}
              {id === "messages" && Boolean(dm?.unread) && <span className="unread">{dm?.unread}</span>}
            </button>
          ))}
        </div>
      </header>
      <div id="app-tab" role="tabpanel" className="tab" aria-label={tab === "home" ? "Home" : "Messages"}>
        {tab === "home" ? (
          <div className="home" tabIndex={0}>
            {state.home ? (
              <ViewBody view={state.home} drafts={drafts} />
            ) : (
              <p className="empty">{name} shows nothing here yet.</p>
            )}
          </div>
        ) : (
          dm && <Conversation channel={dm} label={`Message ${name}`} placeholder={`Message ${name}`} />
        )}
      </div>
    </section>
  );
}
