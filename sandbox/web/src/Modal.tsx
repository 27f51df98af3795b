/** The view on top of the person's stack, as a dialog. */
import { useEffect, useRef, useState, type FormEvent } from "react";
import { Dialog } from "./Dialog";
import type { Drafts } from "./drafts";
import { emojify } from "./emoji";
import type { View } from "./types";
import { ViewBody } from "./ViewBody";
import { useWorkspace } from "./workspace";

export function Modal({ view, drafts }: { view: View; drafts: Drafts }) {
  const { act, state } = useWorkspace();
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    setErrors({});
    setFailed(null);
    const node = form.current;
    (node?.querySelector<HTMLElement>("[autofocus]") ?? node?.querySelector<HTMLElement>("h2"))?.focus();
  }, [view.id]);

  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [attempt]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy || !view.submit) return;
    setBusy(true);
    const ack = await act("submit", { view_id: view.id, values: drafts.all(view) });
    setBusy(false);
    setErrors(ack.errors ?? {});
    setFailed(ack.failed ?? null);
    setAttempt(attempt + 1);
  };
  const close = (clear: boolean) => void act("close_view", { view_id: view.id, clear });
  const isPushed = view.previous_view_id !== null;

  return (
    <Dialog label={view.title.text} className="modal" onClose={() => close(false)}>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
        <header>
          {isPushed && (
            <button type="button" className="icon" aria-label="Back" onClick={() => close(false)}>
              ‹
            </button>
          )}
          <span className="avatar small app" aria-hidden="true">
            {state.app.name.charAt(0)}
          </span>
          <h2 tabIndex={-1}>{emojify(view.title.text)}</h2>
          <button type="button" className="icon" aria-label="Close" onClick={() => close(true)}>
            ×
          </button>
        </header>
        <div className="body" tabIndex={0}>
          {failed && (
            <p role="alert" className="error">
              {failed}
            </p>
          )}
          <ViewBody
            view={view}
            drafts={drafts}
            errors={errors}
            onFailed={setFailed}
            onTyped={({ block_id }) => {
              if (errors[block_id]) setErrors(({ [block_id]: _, ...rest }) => rest);
            }}
          />
        </div>
        <footer>
          <button type="button" className="button" onClick={() => close(false)}>
            {view.close?.text ?? "Cancel"}
          </button>
          {view.submit && (
            <button type="submit" className="button primary" aria-busy={isBusy}>
              {emojify(view.submit.text)}
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}
