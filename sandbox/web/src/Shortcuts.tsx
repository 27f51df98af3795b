/** The app's global shortcuts, beside the composer. */
import { Menu } from "./Menu";
import { useWorkspace } from "./workspace";

export function Shortcuts() {
  const { state, act, notify } = useWorkspace();
  const entries = state.shortcuts
    .filter(({ kind }) => kind === "global")
    .map(({ name, callback_id }) => ({
      label: name,
      detail: state.app.name,
      do: async () => {
        const { failed } = await act("shortcut", { callback_id });
        if (failed) notify(`${name} did not work: ${failed}`);
      },
    }));
  if (!entries.length) return null;
  return (
    <Menu label="Shortcuts" entries={entries}>
      <svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
        <path d="M11.5 2.5 4.5 11.5h5l-1 6 7-9h-5z" strokeLinejoin="round" />
      </svg>
    </Menu>
  );
}
